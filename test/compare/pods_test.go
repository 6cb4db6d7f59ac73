package compare

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const apps = 12

// makeOwners stores the Deployments and ReplicaSets that some of the pods belong to.
func (w *world) makeOwners() {
	for i := range apps {
		app := fmt.Sprintf("app-%d", i)
		deployment := &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
			ObjectMeta: metav1.ObjectMeta{
				Namespace: w.namespaceOf(i), Name: app, UID: types.UID("deployment-" + app),
				Labels: w.bundleLabels(), Annotations: w.annotations(),
			},
		}
		w.server.SetOwner("apps/v1", "deployments", deployment)
		for revision := range 3 {
			w.server.SetOwner("apps/v1", "replicasets", &metav1.PartialObjectMetadata{
				TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"},
				ObjectMeta: metav1.ObjectMeta{
					Namespace: deployment.Namespace, Name: replicaSet(app, revision),
					UID:             types.UID("replicaset-" + replicaSet(app, revision)),
					OwnerReferences: []metav1.OwnerReference{controller("apps/v1", "Deployment", app, deployment.UID)},
				},
			})
		}
	}
}

func (w *world) namespaceOf(app int) string { return []string{"shop", "pay", "kube-system"}[app%3] }

func replicaSet(app string, revision int) string { return fmt.Sprintf("%s-%s", app, hash(revision)) }

func hash(revision int) string { return fmt.Sprintf("6d8cc85c%d", revision) }

func controller(apiVersion, kind, name string, uid types.UID) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: uid, Controller: new(true)}
}

func (l *life) newPod() *corev1.Pod {
	app := l.rng.IntN(apps)
	name := fmt.Sprintf("app-%d", app)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: l.namespaceOf(app), Name: fmt.Sprintf("%s-%05d", name, l.begun), UID: l.uid(), CreationTimestamp: l.now(),
			Labels: l.labels(name), Annotations: l.annotations(),
		},
		Spec:   corev1.PodSpec{SchedulingGates: pick(l.world, nil, nil, nil, []corev1.PodSchedulingGate{{Name: "quota"}})},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	l.own(p, name)
	for i := range l.rng.IntN(3) {
		c := l.container(fmt.Sprintf("init-%d", i))
		if l.chance(40) {
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		}
		p.Spec.InitContainers = append(p.Spec.InitContainers, c)
	}
	for i := range 1 + l.rng.IntN(3) {
		p.Spec.Containers = append(p.Spec.Containers,
			l.container(pick(l.world, "web", "proxy", "main", name)+strings.Repeat("x", i)))
	}
	if l.chance(20) { // a pod that was not seen from its begin
		l.schedule(p)
		l.createAll(p)
		l.runAll(p)
	}
	return p
}

func (l *life) container(name string) corev1.Container {
	return corev1.Container{
		Name:  name,
		Image: pick(l.world, "registry.example.com/shop/"+name+":1.2", name, "ghcr.io/x/y@sha256:9f86d081884c7d65"),
	}
}

func (l *life) own(p *corev1.Pod, app string) {
	revision := l.rng.IntN(4) // the last one is unknown to the server
	rs := replicaSet(app, revision)
	switch l.rng.IntN(10) {
	case 0:
		p.OwnerReferences = []metav1.OwnerReference{controller("apps/v1", "StatefulSet", app, "statefulset-1")}
		p.Labels["controller-revision-hash"] = app + "-" + hash(revision)
	case 1:
		p.OwnerReferences = []metav1.OwnerReference{controller("apps/v1", "DaemonSet", app, "daemonset-1")}
	case 2:
		p.OwnerReferences = []metav1.OwnerReference{controller("batch/v1", "Job", pick(l.world, app, app+"-29123456"),
			"job-1")}
	case 3:
		p.OwnerReferences = []metav1.OwnerReference{controller("example.com/v1", "Fleet", app, "fleet-1")}
	case 4:
		p.OwnerReferences = []metav1.OwnerReference{controller("v1", "Node", "n1", "node-1")}
	case 5:
		p.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "ReplicaSet", Name: rs, UID: "not-the-controller",
		}}
	case 6:
	default:
		p.OwnerReferences = []metav1.OwnerReference{controller("apps/v1", "ReplicaSet", rs, types.UID("replicaset-"+rs))}
		p.Labels["pod-template-hash"] = hash(revision)
	}
}

func (l *life) labels(app string) map[string]string {
	labels := l.bundleLabels()
	labels["app"], labels["tier"] = app, pick(l.world, "web", "web", "cache")
	if l.chance(10) { // keys that records have, too
		labels[pick(l.world, "pod", "state", "msg", "time", "seq", "bundle.id", "trace_id", "label.pod")] = pick(l.world, "",
			"mine")
	}
	if l.chance(5) {
		for i := range l.rng.IntN(200) {
			labels[fmt.Sprintf("example.com/label-%d", i)] = strings.Repeat("v", l.rng.IntN(63))
		}
	}
	return labels
}

func (w *world) bundleLabels() map[string]string {
	labels := make(map[string]string)
	release := pick(w, "cart", "checkout", "search")
	switch w.rng.IntN(8) {
	case 0:
		labels["app.kubernetes.io/managed-by"], labels["app.kubernetes.io/instance"] = "Helm", release
		labels["helm.sh/chart"] = release + "-2.3.1"
	case 1:
		labels["argocd.argoproj.io/instance"] = release
	case 2:
		labels["kustomize.toolkit.fluxcd.io/name"], labels["kustomize.toolkit.fluxcd.io/namespace"] = release, "flux-system"
	case 3:
		labels["bundle"] = release
	case 4:
		labels["app.kubernetes.io/name"], labels["app.kubernetes.io/version"] = release, pick(w, "1.0", "2.0")
		labels["app.kubernetes.io/part-of"] = "shop"
	}
	return labels
}

func (w *world) annotations() map[string]string {
	annotations := map[string]string{"example.com/note": strconv.Itoa(w.rng.IntN(1000))}
	switch w.rng.IntN(8) {
	case 0:
		annotations["traceparent"] = fmt.Sprintf("00-%016x%016x-%016x-01", w.rng.Uint64(), w.rng.Uint64()|1, w.rng.Uint64()|1)
	case 1:
		annotations["traceparent"] = "00-no-trace-01"
	case 2:
		annotations["meta.helm.sh/release-name"], annotations["meta.helm.sh/release-namespace"] = "cart", "shop"
	case 3:
		annotations["argocd.argoproj.io/tracking-id"] = "checkout:apps/Deployment:shop/checkout"
	case 4:
		annotations["resource.opentelemetry.io/service.name"] = "named-by-annotation"
	}
	return annotations
}
