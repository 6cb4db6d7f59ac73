package bundle

import (
	"strings"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// detector finds what one manager has put on its objects.
type detector struct {
	name     string // in the configuration, and of the manager
	marks    []mark
	versions []version // come before those that all have
	onPod    bool      // the marks are on the pod itself, its owners needn't be asked

	// For docs/bundles.md.
	where, id string
}

// mark is a key that tells of a bundle.
type mark struct {
	key    key
	beside []key // what read looks at on the same object
	read   reader
}

// reader makes the id and the name of the bundle out of the value of a mark on
// the object o. An empty id: the value tells of none.
type reader func(pod *enricher.Pod, o object, value string) (id, name string)

// version is a key that tells the version of a bundle.
type version struct {
	key  key
	read func(value string) string // nil: the value is the version
}

// inNamespace reads the name of something that has a namespace: that in the
// label or annotation space of the same object, else that of the pod.
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

// inPodsNamespace reads the name of something in the namespace of the pod.
func inPodsNamespace(prefix string) reader { return inNamespace(prefix, key{}) }

// inCluster reads a name that is there once in a cluster.
func inCluster(prefix string) reader {
	return func(_ *enricher.Pod, _ object, value string) (id, name string) {
		if !isName(value) {
			return "", ""
		}
		return prefix + "/" + value, value
	}
}

// verbatim reads a name in the namespace of the pod that may be any text.
func verbatim(prefix string) reader {
	return func(pod *enricher.Pod, _ object, value string) (id, name string) {
		return prefix + "/" + pod.GetNamespace() + "/" + value, value
	}
}

// isName tells whether s can be a part of an id. No name in Kubernetes has a
// slash, so what has one is something else, and would make ids ambiguous.
func isName(s string) bool { return s != "" && strings.IndexByte(s, '/') < 0 }
