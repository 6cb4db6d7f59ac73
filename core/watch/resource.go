package watch

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pod-status-logger/pod-status-logger/core/watch/podwire"
)

// Resource describes the objects that a [Stream] watches. [Pods] returns that of
// pods.
type Resource struct {
	GroupVersion schema.GroupVersion // such as apps/v1; the core group is ""
	Plural       string              // as in paths: deployments
	Kind         string              // Deployment

	// NewDecoder returns a decoder for one stream.
	NewDecoder func() Decoder
}

// String returns the resource as in kubectl and in RBAC rules: pods,
// deployments.apps.
func (r Resource) String() string {
	return r.GroupVersion.WithResource(r.Plural).GroupResource().String()
}

// path returns the segments of the path below which the resource is served.
func (r Resource) path() []string {
	if r.GroupVersion.Group == "" {
		return []string{"api", r.GroupVersion.Version}
	}
	return []string{"apis", r.GroupVersion.Group, r.GroupVersion.Version}
}

// Object is the subject of an event. Every type of k8s.io/api is one, and so is
// every struct with a [metav1.ObjectMeta], of which a stream reads name, namespace
// and resourceVersion.
type Object interface {
	GetObjectMeta() metav1.Object
}

// versionOf returns an object's resourceVersion.
func versionOf(o Object) string { return o.GetObjectMeta().GetResourceVersion() }

// Decoder decodes the objects of a resource, possibly only some of their fields. It
// belongs to one stream, which calls it from one goroutine.
type Decoder interface {
	// New returns memory for an object. The stream hands the memory to Decode, and
	// again after [Event.Release].
	New() Object
	// Decode reads an object from its protobuf, without the envelope that names its
	// kind, into memory from New, and replaces its content. It must not keep message.
	Decode(message []byte, into Object) error
	// Convert returns an object that client-go has decoded, of a server that speaks
	// JSON, in the form of Decode's. ok is false for an object of another kind.
	Convert(object runtime.Object) (_ Object, ok bool)
}

// Pods returns the resource of pods, which have the fields that package podwire reads,
// and those annotations that have one of these keys.
func Pods(annotations ...string) Resource {
	return Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "pods", Kind: "Pod",
		NewDecoder: func() Decoder { return podDecoder{podwire.NewDecoder(annotations)} },
	}
}

type podDecoder struct{ pods *podwire.Decoder }

func (podDecoder) New() Object { return new(podwire.Pod) }

func (d podDecoder) Decode(message []byte, into Object) error {
	pod, ok := into.(*podwire.Pod)
	if !ok {
		return fmt.Errorf("decode pod into %T", into)
	}
	return d.pods.Decode(message, pod)
}

func (podDecoder) Convert(object runtime.Object) (Object, bool) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return nil, false
	}
	return &podwire.Pod{Pod: *pod}, true
}

// PodOf returns o as a pod, or nil if it is another object.
func PodOf(o Object) *corev1.Pod {
	switch pod := o.(type) {
	case *podwire.Pod:
		return &pod.Pod
	case *corev1.Pod:
		return pod
	default:
		return nil
	}
}
