package apiscript

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is an object of the API, such as a *corev1.Pod.
type Object interface {
	runtime.Object
	metav1.Object
}

// Resource describes objects that can be listed and watched.
type Resource struct {
	GroupVersion schema.GroupVersion
	Plural, Kind string
	NewList      func() runtime.Object // such as new(corev1.PodList)

	// Fields returns the fields for field selectors, besides metadata.name and
	// metadata.namespace. nil = none.
	Fields func(Object) fields.Set

	// OwnEtcd counts the resourceVersions of these objects by themselves, as in
	// clusters that store Events apart.
	OwnEtcd bool
}

func (r Resource) group() schema.GroupResource {
	return r.GroupVersion.WithResource(r.Plural).GroupResource()
}

func (r Resource) fieldsOf(o Object) fields.Set {
	set := fields.Set{}
	if r.Fields != nil {
		set = r.Fields(o)
	}
	set["metadata.name"], set["metadata.namespace"] = o.GetName(), o.GetNamespace()
	return set
}

// Collection holds the objects of a resource, their history, the watches that are
// open, and the faults that are scripted for them.
type Collection struct {
	resource  Resource
	server    *Server
	newObject func() Object

	// Guarded by the server's mutex.
	store   store
	faults  faults
	streams map[*stream]struct{}
}

// Objects is a [Collection] of one type. Its methods are safe for concurrent use.
type Objects[T Object] struct{ *Collection }

// Serve has the server list and watch one more resource.
func Serve[T Object](s *Server, r Resource) *Objects[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return serve[T](s, r)
}

func serve[T Object](s *Server, r Resource) *Objects[T] {
	at := &s.clock
	if r.OwnEtcd {
		at = &clock{rv: s.opts.firstVersion}
	}
	c := &Collection{
		resource: r, server: s, store: newStore(s.opts, at), faults: faults{cutList: -1}, streams: map[*stream]struct{}{},
		newObject: func() Object { return newOf[T]() },
	}
	s.collections[r.GroupVersion.WithResource(r.Plural)] = c
	return &Objects[T]{c}
}

func podResource() Resource {
	return Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "pods", Kind: "Pod",
		NewList: func() runtime.Object { return new(corev1.PodList) },
		Fields: func(o Object) fields.Set {
			pod, _ := o.(*corev1.Pod)
			return fields.Set{"spec.nodeName": pod.Spec.NodeName, "status.phase": string(pod.Status.Phase)}
		},
	}
}

// Events returns the resource of the Events of core/v1, in an etcd of their own, for
// [Serve].
func Events() Resource {
	return Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "events", Kind: "Event", OwnEtcd: true,
		NewList: func() runtime.Object { return new(corev1.EventList) },
		Fields: func(o Object) fields.Set {
			e, _ := o.(*corev1.Event)
			return fields.Set{"reason": e.Reason, "type": e.Type, "involvedObject.kind": e.InvolvedObject.Kind}
		},
	}
}

// newOf returns a new object of a type that is a pointer.
func newOf[T Object]() T {
	o, _ := reflect.TypeAssert[T](reflect.New(reflect.TypeFor[T]().Elem()))
	return o
}

// shallow returns a copy that shares everything that the object points to.
func shallow[T Object](o T) T {
	v := reflect.New(reflect.TypeOf(o).Elem())
	v.Elem().Set(reflect.ValueOf(o).Elem())
	c, _ := reflect.TypeAssert[T](v)
	return c
}
