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

// reader returns the bundle that the value of a mark on the object o claims. pod is
// the pod itself, o it or one of its owners.
type reader func(pod *enricher.Pod, o object, value string) claim

// claim is a bundle that a mark names. Without id: the mark names none.
type claim struct {
	id, name  string
	namespace string // in the id; empty: the id is one of the whole cluster
}

// version is a key that contains the version of a bundle.
type version struct {
	key  key
	read func(value string) string // nil: the value is the version
}

// inNamespace reads a namespaced name. The namespace is in the label or annotation space of the
// same object, else it is the pod's.
func inNamespace(prefix string, space key) reader {
	return func(pod *enricher.Pod, o object, value string) claim {
		namespace := o.get(space)
		if namespace == "" {
			namespace = pod.GetNamespace()
		}
		if !isName(value) || !isName(namespace) {
			return claim{}
		}
		return claim{prefix + "/" + namespace + "/" + value, value, namespace}
	}
}

// inPodsNamespace reads a name in the pod's namespace.
func inPodsNamespace(prefix string) reader { return inNamespace(prefix, key{}) }

// inCluster reads a name that is unique in a cluster.
func inCluster(prefix string) reader {
	return func(_ *enricher.Pod, _ object, value string) claim {
		if !isName(value) {
			return claim{}
		}
		return claim{id: prefix + "/" + value, name: value}
	}
}

// verbatim reads a name in the pod's namespace, which may be any text.
func verbatim(prefix string) reader {
	return func(pod *enricher.Pod, _ object, value string) claim {
		return claim{prefix + "/" + pod.GetNamespace() + "/" + value, value, pod.GetNamespace()}
	}
}

// isName reports whether s can be a part of an id. Names in Kubernetes have no slash, and one
// would make ids ambiguous.
func isName(s string) bool { return s != "" && strings.IndexByte(s, '/') < 0 }
