package bundle

import (
	"strings"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// detector finds the marks of one manager on its objects.
type detector struct {
	name     string // in the configuration, and of the manager
	marks    []mark
	versions []version // precede those that all managers share
	onPod    bool      // the marks are on the pod itself; owners aren't needed

	// For docs/bundles.md.
	where, id string
}

// mark is a key that identifies a bundle.
type mark struct {
	key    key
	beside []key // keys that read uses on the same object
	read   reader
}

// reader returns the id and the name of the bundle from the value of a mark on the object o; an
// empty id if the value identifies none.
type reader func(pod *enricher.Pod, o object, value string) (id, name string)

// version is a key that contains the version of a bundle.
type version struct {
	key  key
	read func(value string) string // nil: the value is the version
}

// inNamespace reads a namespaced name. The namespace is in the label or annotation space of the
// same object, else it is the pod's.
func inNamespace(prefix string, space key) reader {
	return func(pod *enricher.Pod, o object, value string) (id, name string) {
		namespace := o.get(space)
		if namespace == "" {
			namespace = pod.GetNamespace()
		}
		if !isName(value) || !isName(namespace) {
			return "", ""
		}
		return prefix + "/" + namespace + "/" + value, value
	}
}

// inPodsNamespace reads a name in the pod's namespace.
func inPodsNamespace(prefix string) reader { return inNamespace(prefix, key{}) }

// inCluster reads a name that is unique in a cluster.
func inCluster(prefix string) reader {
	return func(_ *enricher.Pod, _ object, value string) (id, name string) {
		if !isName(value) {
			return "", ""
		}
		return prefix + "/" + value, value
	}
}

// verbatim reads a name in the pod's namespace, which may be any text.
func verbatim(prefix string) reader {
	return func(pod *enricher.Pod, _ object, value string) (id, name string) {
		return prefix + "/" + pod.GetNamespace() + "/" + value, value
	}
}

// isName reports whether s can be a part of an id. Names in Kubernetes have no slash, and one
// would make ids ambiguous.
func isName(s string) bool { return s != "" && strings.IndexByte(s, '/') < 0 }
