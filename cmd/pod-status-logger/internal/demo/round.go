package demo

import (
	"context"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// round is a run of the script. Its pods have UIDs of their own, so that a store that
// deduplicates by record_id keeps the records of all rounds and runs.
type round struct {
	number                         int
	old                            *corev1.Pod // exists at the start
	cart, failer, checkout, report *corev1.Pod
	search                         *corev1.Pod // never created
	orders                         *corev1.Pod
}

// firstRound returns the round with the names in the documentation.
func firstRound() *round {
	return newRound(0, newPod("shop", "cart-5f6d8b7c94", "x7k2p", "shop/cart:2.3.1"))
}

// next returns the following round, with rollouts to new versions.
func (r *round) next() *round { return newRound(r.number+1, r.cart) }

func newRound(number int, old *corev1.Pod) *round {
	name := func(first string) string {
		if number == 0 {
			return first
		}
		return rand.String(len(first))
	}
	patch := strconv.Itoa(number)
	r := &round{
		number: number, old: old,
		cart:     newPod("shop", "cart-"+name("7c9d5b8f66"), name("q4m8z"), "shop/cart:2.4."+patch),
		failer:   newPod("default", "failer-"+name("64d8cc85cd"), name("th2g8"), "trusch/hello-worldd"),
		checkout: newPod("shop", "checkout-"+name("6b8f9d7d5c"), name("l9w3t"), "shop/checkout:1.9."+patch),
		report:   newPod("batch", "report", name("28f6d"), "batch/report:7"),
		search:   newPod("shop", "search-"+name("74d9b6c5f8"), name("w6z2b"), "shop/search:3.0."+patch),
		orders:   newPod("shop", "orders", "0", "shop/orders:5.1."+patch),
	}
	r.cart.Spec.InitContainers = []corev1.Container{{Name: "migrate", Image: "shop/cart-migrate:2.4." + patch}}
	delete(r.report.Labels, "pod-template-hash")
	job := &r.report.OwnerReferences[0]
	job.APIVersion, job.Kind = "batch/v1", "Job"
	delete(r.orders.Labels, "pod-template-hash")
	r.orders.OwnerReferences[0].Kind = "StatefulSet"
	return r
}

// newPod returns a pod of a ReplicaSet. Its container has the name of the Deployment,
// the first part of the ReplicaSet's name.
func newPod(namespace, replicaSet, suffix, image string) *corev1.Pod {
	deployment, hash, _ := strings.Cut(replicaSet, "-")
	_, version, _ := strings.Cut(image, ":")
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: replicaSet + "-" + suffix, UID: uuid.NewUUID(),
			Labels: map[string]string{
				"app.kubernetes.io/name": deployment, "app.kubernetes.io/version": version, "pod-template-hash": hash,
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: replicaSet, UID: uuid.NewUUID(), Controller: new(true),
			}},
		},
		Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: deployment, Image: image}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
}

// prepare creates the existing objects.
func (r *round) prepare(k cluster) {
	deploy(k, r.old, helm())
	running(r.old)
	setReady(r.old)
	k.Create(r.old)
	r.deploy(k)
	k.expire()
}

// helm returns the annotations that Helm sets.
func helm() map[string]string {
	return map[string]string{"meta.helm.sh/release-name": "cart", "meta.helm.sh/release-namespace": "shop"}
}

// argoCD returns the annotation that Argo CD sets.
func argoCD() map[string]string {
	return map[string]string{"argocd.argoproj.io/tracking-id": "checkout:apps/Deployment:shop/checkout"}
}

// deploy creates the owners of the pods of the round.
func (r *round) deploy(k cluster) {
	deploy(k, r.cart, helm())
	deploy(k, r.checkout, argoCD())
	deploy(k, r.failer, nil)
	deploy(k, r.search, nil)
}

// retire deletes the ReplicaSets whose pods ended with the round, and the Events.
func (r *round) retire(k cluster) {
	for _, pod := range []*corev1.Pod{r.old, r.checkout, r.failer, r.search} {
		k.DeleteOwner("apps/v1", "replicasets", pod.Namespace, pod.OwnerReferences[0].Name)
	}
	k.deleteEvents(r.search.OwnerReferences[0].UID)
	k.deleteEvents(r.orders.UID)
}

// deploy creates the ReplicaSet of a pod, and its Deployment. The ReplicaSet has a
// copy of the Deployment's annotations.
func deploy(k cluster, pod *corev1.Pod, annotations map[string]string) {
	name, replicaSet := pod.Labels["app.kubernetes.io/name"], pod.OwnerReferences[0]
	deployment := k.SetOwner("apps/v1", "deployments", &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: name, UID: "uid-of-" + types.UID(name), Annotations: annotations,
		},
	})
	k.SetOwner(replicaSet.APIVersion, "replicasets", &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{Kind: replicaSet.Kind},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: replicaSet.Name, UID: replicaSet.UID,
			Labels: pod.Labels, Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: deployment.UID, Controller: new(true),
			}},
		},
	})
}

// play plays the round on the cluster, and the next ones if repeat is set, until ctx ends.
// After each step it calls await.
func (r *round) play(ctx context.Context, k cluster, pace time.Duration, repeat bool, await func()) {
	var last *round
	for r.playOnce(ctx, k, pace, await) && repeat {
		if last != nil { // a round later, as its records may still need the owners
			last.retire(k)
		}
		last, r = r, r.next()
		r.deploy(k)
	}
}

func (r *round) playOnce(ctx context.Context, k cluster, pace time.Duration, await func()) bool {
	for _, s := range r.script() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pace):
		}
		k.perform(s)
		await()
	}
	return true
}
