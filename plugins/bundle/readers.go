package bundle

import (
	"strings"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// readTrackingID reads Argo CD's <application>:<group>/<kind>:<namespace>/<name>. It must name
// the pod or one of its owners. Controllers copy annotations to their objects, which is fine,
// but other tools copy whole objects, and those are not Argo CD's.
func readTrackingID(pod *enricher.Pod, _ object, value string) claim {
	t, ok := parseTrackingID(value)
	if !ok || !t.in(pod) {
		return claim{}
	}
	return application(t.app)
}

// readApplication reads the label by which Argo CD tracks, which is cut at 63
// characters.
func readApplication(_ *enricher.Pod, _ object, value string) claim {
	if !isName(value) {
		return claim{}
	}
	return application(value)
}

// application takes <application>, or <namespace>_<application> where that is not
// in Argo CD's own namespace. No name has an underscore.
func application(app string) claim {
	namespace, name, ok := strings.Cut(app, "_")
	switch {
	case !ok:
		return claim{id: "argocd/" + app, name: app}
	case namespace == "" || name == "":
		return claim{}
	}
	return claim{"argocd/" + namespace + "/" + name, name, namespace}
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

// readFleetSource reads the labels that Fleet puts on all that it deploys: the
// object that it comes from.
func readFleetSource(_ *enricher.Pod, o object, value string) claim {
	kind, namespace := o.get(key{fleetKind, label}), o.get(key{fleetNamespace, label})
	if !isName(kind) || !isName(namespace) || !isName(value) {
		return claim{}
	}
	return claim{"fleet/" + kind + "/" + namespace + "/" + value, value, namespace}
}

// readClusterServiceVersion reads the name of the operator's version that owns
// the object, such as etcdoperator.v0.9.4.
func readClusterServiceVersion(pod *enricher.Pod, o object, value string) claim {
	if o.get(key{olmOwnerKind, label}) != "ClusterServiceVersion" {
		return claim{}
	}
	operator, _ := splitCSV(value)
	return inNamespace("olm", key{olmOwnerNamespace, label})(pod, o, operator)
}

// readRollout takes the name of the Rollout from that of its ReplicaSet, to which the hash is
// appended: that needs no look-up.
func readRollout(pod *enricher.Pod, _ object, value string) claim {
	owners := pod.GetOwners()
	if len(owners) == 0 || owners[0].GetKind() != "ReplicaSet" {
		return claim{}
	}
	rollout, ok := strings.CutSuffix(owners[0].GetName(), "-"+value)
	if !ok || rollout == "" {
		return claim{}
	}
	return claim{"argo-rollouts/" + pod.GetNamespace() + "/" + rollout, rollout, pod.GetNamespace()}
}

// readWerf reads werf's project, and its environment where there is one.
func readWerf(pod *enricher.Pod, o object, value string) claim {
	c := inPodsNamespace("werf")(pod, o, value)
	if env := o.get(key{werfEnv, annotation}); c.id != "" && isName(env) {
		c.id += "/" + env
	}
	return c
}
