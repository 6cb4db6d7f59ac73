package owner

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
)

// resource is the name of a kind's objects in the paths of the API.
type resource struct {
	group, version, name string
	namespaced           bool
}

// usual returns the resource of the kinds that own most pods, without discovery. They
// are requested as v1, which every server has: a reference keeps its writer's version,
// which may no longer be served.
func usual(group, kind string) (r resource, ok bool) {
	var kinds []string
	switch group {
	case "":
		kinds = []string{"ReplicationController"}
	case "apps":
		kinds = []string{"ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"}
	case "batch":
		kinds = []string{"Job", "CronJob"}
	}
	return resource{group, "v1", strings.ToLower(kind) + "s", true}, slices.Contains(kinds, kind)
}

// path returns the path of an object of the resource. There is none for a namespaced
// object without a namespace, as an owner is in the namespace of its object or in none,
// and none for names that would lead elsewhere: the creator of a pod can write anything
// into its owner references.
func (r resource) path(namespace, name string) (path string, ok bool) {
	segments := root(r.group, r.version)
	if r.namespaced {
		segments = append(segments, "namespaces", namespace)
	}
	return joinPath(append(segments, r.name, name))
}

// listPath returns the path of all objects of the resource in a namespace, or in all.
func (r resource) listPath(namespace string) (path string, ok bool) {
	segments := root(r.group, r.version)
	if namespace != "" {
		segments = append(segments, "namespaces", namespace)
	}
	return joinPath(append(segments, r.name))
}

// root returns the path of a group's version, which is that of its discovery document.
func root(group, version string) (segments []string) {
	if group == "" {
		return []string{"api", version}
	}
	return []string{"apis", group, version}
}

func joinPath(segments []string) (path string, ok bool) {
	for _, s := range segments {
		if s == "" || len(content.IsPathSegmentName(s)) > 0 {
			return "", false
		}
	}
	return "/" + strings.Join(segments, "/"), true
}
