package owner

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// maxDepth bounds a chain, as references may lead in a circle.
const maxDepth = 8

// source reads owners from the API server.
type source struct {
	client              *client
	discovery           *discovery
	gate                *gate.Gate
	labels, annotations []string
}

func newSource(s Settings) (*source, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	g := gate.New(gate.Settings{Logger: s.Logger, ForbiddenTTL: s.ForbiddenTTL})
	return &source{c, newDiscovery(s, c, g), g, s.Labels, s.Annotations}, nil
}

// finding is the result of a look-up.
type finding struct {
	owners   []record.Owner
	known    int    // how many of them were read: all, or all but the last
	outcome  string // one of Outcomes
	err      error  // why the last one could not be read
	requests int    // that were made
}

// failed reports whether the look-up failed in a way that may pass.
func (f finding) failed() bool {
	return f.outcome == OutcomeTimeout || f.outcome == OutcomeFailed || f.outcome == OutcomeThrottled
}

// object is the metadata of an owner.
type object struct {
	namespace  string // "": it is in none
	owner      record.Owner
	controller record.OwnerRef // zero: it has none
}

// lookUp follows the references from the first up. If one can't be followed, the chain
// ends with the reference itself. Owners that are in listed, which may be nil, are not
// requested.
func (s *source) lookUp(ctx context.Context, namespace string, ref record.OwnerRef, listed *lists) (f finding) {
	for ref != (record.OwnerRef{}) {
		if len(f.owners) == maxDepth {
			f.outcome = OutcomeTooDeep
			return f
		}
		o, ok := listed.get(namespace, ref)
		if !ok {
			var err error
			if o, err = s.read(ctx, namespace, ref, &f.requests); err != nil {
				f.owners = append(f.owners, record.Owner{OwnerRef: ref})
				f.outcome, f.err = outcomeOf(err), fmt.Errorf("%s %s: %w", ref.Kind, ref.Name, err)
				return f
			}
			listed.add(o)
		}
		f.owners, f.known = append(f.owners, o.owner), f.known+1
		namespace, ref = o.namespace, o.controller // no namespaced object owns a cluster-wide one
	}
	f.outcome = OutcomeFound
	return f
}

// read reads the metadata of the object that ref names. An object of the same name but
// another uid was created after that one was deleted.
func (s *source) read(ctx context.Context, namespace string, ref record.OwnerRef, requests *int) (object, error) {
	r, err := s.discovery.resource(ctx, ref.APIVersion, ref.Kind, requests)
	if err != nil {
		return object{}, err
	}
	if !r.namespaced {
		namespace = ""
	}
	path, ok := r.path(namespace, ref.Name)
	if !ok {
		return object{}, errGone
	}
	meta, err := s.ask(ctx, gate.Right{Group: r.group, Resource: r.name, Namespace: namespace}, path, requests)
	if err != nil {
		return object{}, err
	}
	if string(meta.UID) != ref.UID {
		return object{}, errGone
	}
	return object{namespace, s.owner(ref, meta), controllerOf(meta)}, nil
}

// ask requests an object for which the right is needed, unless the right was denied lately
// or the server asked for a pause.
func (s *source) ask(
	ctx context.Context, needed gate.Right, path string, requests *int,
) (meta *metav1.PartialObjectMetadata, err error) {
	err = s.gate.Do(ctx, needed.Group, needed, func(ctx context.Context) (err error) {
		*requests++
		meta, err = s.client.metadata(ctx, path)
		return err
	})
	if apierrors.IsNotFound(err) {
		err = errGone
	}
	return meta, err
}

// owner returns an owner with the wanted labels and annotations of an object, and
// nothing that would hold the rest of the object in memory.
func (s *source) owner(ref record.OwnerRef, meta *metav1.PartialObjectMetadata) record.Owner {
	return record.Owner{
		OwnerRef: ref, Labels: keep(meta.Labels, s.labels), Annotations: keep(meta.Annotations, s.annotations),
	}
}

func keep(all map[string]string, keys []string) (kept map[string]string) {
	for _, key := range keys {
		value, ok := all[key]
		if !ok || len(value) > record.MaxAnnotation {
			continue
		}
		if kept == nil {
			kept = make(map[string]string)
		}
		kept[key] = clone(value)
	}
	return kept
}

func controllerOf(meta *metav1.PartialObjectMetadata) record.OwnerRef {
	ref := metav1.GetControllerOfNoCopy(meta)
	if ref == nil {
		return record.OwnerRef{}
	}
	return record.OwnerRef{
		APIVersion: clone(ref.APIVersion), Kind: clone(ref.Kind), Name: clone(ref.Name), UID: clone(string(ref.UID)),
	}
}

func clone(s string) string { return strings.Clone(s) }
