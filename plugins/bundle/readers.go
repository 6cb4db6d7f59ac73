package bundle

import (
	"strings"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// readTrackingID reads Argo CD's <application>:<group>/<kind>:<namespace>/<name>. It must name
// the pod or one of its owners. Controllers copy annotations to their objects, which is fine,
// but other tools copy whole objects, which are not Argo CD's.
func readTrackingID(pod *enricher.Pod, _ object, value string) (id, name string) {
	t, ok := parseTrackingID(value)
	if !ok || !t.in(pod) {
		return "", ""
	}
	return application(t.app)
}

// readApplication reads Argo CD's tracking label, which is cut at 63 characters.
func readApplication(_ *enricher.Pod, _ object, value string) (id, name string) {
	if !isName(value) {
		return "", ""
	}
	return application(value)
}

// application parses <application>, or <namespace>_<application> outside Argo CD's own
// namespace. Names have no underscore.
func application(app string) (id, name string) {
	namespace, name, ok := strings.Cut(app, "_")
	switch {
	case !ok:
		return "argocd/" + app, app
	case namespace == "" || name == "":
		return "", ""
	}
	return "argocd/" + namespace + "/" + name, name
}

// trackingID is an object and its application.
type trackingID struct{ app, group, kind, namespace, name string }

func parseTrackingID(s string) (t trackingID, ok bool) {
	app, rest, ok1 := strings.Cut(s, ":")
	kind, object, ok2 := strings.Cut(rest, ":")
	if !ok1 || !ok2 || !isName(app) {
		return t, false
	}
	t.app = app
	t.group, t.kind, ok1 = strings.Cut(kind, "/")
	t.namespace, t.name, ok2 = strings.Cut(object, "/")
	return t, ok1 && ok2 && isName(t.kind) && isName(t.name)
}

// in reports whether t is the pod or one of its owners, which share the pod's namespace.
func (t trackingID) in(pod *enricher.Pod) bool {
	if t.namespace != pod.GetNamespace() {
		return false
	}
	if t.group == "" && t.kind == "Pod" {
		return t.name == pod.GetName()
	}
	for _, o := range pod.GetOwners() {
		if t.kind == o.GetKind() && t.name == o.GetName() && t.group == groupOf(o.GetApiVersion()) {
			return true
		}
	}
	return false
}

func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return "" // v1
	}
	return group
}

// readFleetSource reads the labels that Fleet sets on all its objects: their source.
func readFleetSource(_ *enricher.Pod, o object, value string) (id, name string) {
	kind, namespace := o.get(key{fleetKind, label}), o.get(key{fleetNamespace, label})
	if !isName(kind) || !isName(namespace) || !isName(value) {
		return "", ""
	}
	return "fleet/" + kind + "/" + namespace + "/" + value, value
}

// readClusterServiceVersion reads the name of the ClusterServiceVersion that owns the object,
// such as etcdoperator.v0.9.4.
func readClusterServiceVersion(pod *enricher.Pod, o object, value string) (id, name string) {
	if o.get(key{olmOwnerKind, label}) != "ClusterServiceVersion" {
		return "", ""
	}
	operator, _ := splitCSV(value)
	return inNamespace("olm", key{olmOwnerNamespace, label})(pod, o, operator)
}

// readRollout derives the Rollout's name from its ReplicaSet's, which ends with the hash. That
// needs no look-up.
func readRollout(pod *enricher.Pod, _ object, value string) (id, name string) {
	owners := pod.GetOwners()
	if len(owners) == 0 || owners[0].GetKind() != "ReplicaSet" {
		return "", ""
	}
	rollout, ok := strings.CutSuffix(owners[0].GetName(), "-"+value)
	if !ok || rollout == "" {
		return "", ""
	}
	return "argo-rollouts/" + pod.GetNamespace() + "/" + rollout, rollout
}

// readWerf reads werf's project, and its environment if there is one.
func readWerf(pod *enricher.Pod, o object, value string) (id, name string) {
	id, name = inPodsNamespace("werf")(pod, o, value)
	if env := o.get(key{werfEnv, annotation}); id != "" && isName(env) {
		id += "/" + env
	}
	return id, name
}
