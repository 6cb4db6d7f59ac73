package apiscript

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// address is the place of an owner.
type address struct {
	groupVersion              schema.GroupVersion
	resource, namespace, name string
}

// owners are the objects that own pods, of which there is the metadata only.
// Guarded by the server's mutex.
type owners struct {
	objects map[address]*metav1.PartialObjectMetadata
	// The discovery documents, by resource. They outlive the objects.
	kinds map[schema.GroupVersion]map[string]metav1.APIResource

	order     map[schema.GroupVersionResource][]address // of lists, made when it is needed
	forbidden map[string]bool                           // by resource
	unlisted  map[string]bool                           // by resource, whose objects can't be listed
	failure   int                                       // HTTP status of every answer; 0 = none
	delay     time.Duration
}

func newOwners() owners {
	return owners{
		objects:   map[address]*metav1.PartialObjectMetadata{},
		kinds:     map[schema.GroupVersion]map[string]metav1.APIResource{},
		order:     map[schema.GroupVersionResource][]address{},
		forbidden: map[string]bool{},
		unlisted:  map[string]bool{},
	}
}

// SetOwner stores an object that owns pods, or owns owners, and returns it as
// stored: apiVersion is such as apps/v1, resource such as replicasets, and meta
// has the kind and the name; without a namespace it is one of the cluster. A
// missing uid is filled in. With another uid it is another object of that name.
func (s *Server) SetOwner(
	apiVersion, resource string, meta *metav1.PartialObjectMetadata,
) *metav1.PartialObjectMetadata {
	at := addressOf(apiVersion, resource, meta.Namespace, meta.Name)
	if meta.Kind == "" || meta.Name == "" {
		panic(fmt.Sprintf("apiscript: set owner of %s %s: no kind or no name", apiVersion, resource))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.rv++
	stored := meta.DeepCopy()
	stored.APIVersion, stored.ResourceVersion = apiVersion, formatRV(s.store.rv)
	if stored.UID == "" {
		stored.UID = types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", s.store.rv))
	}
	s.owners.objects[at] = stored
	delete(s.owners.order, at.groupVersion.WithResource(resource))
	s.owners.define(at, meta.Kind)
	return stored.DeepCopy()
}

// DeleteOwner removes an owner; its kind stays in discovery. Deleting one
// that doesn't exist panics.
func (s *Server) DeleteOwner(apiVersion, resource, namespace, name string) {
	at := addressOf(apiVersion, resource, namespace, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owners.objects[at] == nil {
		panic(fmt.Sprintf("apiscript: owner %s %s/%s does not exist", resource, namespace, name))
	}
	s.store.rv++
	delete(s.owners.objects, at)
	delete(s.owners.order, at.groupVersion.WithResource(resource))
}

// ForbidOwners answers every get and every list of the resource's owners with 403, in
// whatever group it is, until it is called with false.
func (s *Server) ForbidOwners(resource string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners.forbidden[resource] = on
}

// FailOwners answers every get and list of owners, and every get of a discovery document,
// with an HTTP status, until it is called with 0.
func (s *Server) FailOwners(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners.failure = status
}

// DelayOwners answers these requests only after d. [Server.Hang] holds them up too.
func (s *Server) DelayOwners(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners.delay = d
}

func addressOf(apiVersion, resource, namespace, name string) address {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil || gv.Version == "" {
		panic(fmt.Sprintf("apiscript: %q is no apiVersion", apiVersion))
	}
	return address{gv, resource, namespace, name}
}

// define adds a kind to discovery, and its status as real servers do.
func (o *owners) define(at address, kind string) {
	if o.kinds[at.groupVersion] == nil {
		o.kinds[at.groupVersion] = map[string]metav1.APIResource{}
	}
	of := metav1.APIResource{
		Name: at.resource, Kind: kind, Namespaced: at.namespace != "", Verbs: metav1.Verbs{"get", "list", "watch"},
	}
	o.kinds[at.groupVersion][of.Name] = of
	of.Name += "/status"
	o.kinds[at.groupVersion][of.Name] = of
}
