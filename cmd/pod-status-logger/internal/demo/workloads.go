package demo

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

// workloadSet are the workloads of a cluster. Only Deployments change; the others are there
// to be listed.
type workloadSet struct {
	deployments *apiscript.Objects[*appsv1.Deployment] // nil: workloads are not watched
	all         map[string]*apiscript.Collection       // by resource
}

func newWorkloadSet(server *apiscript.Server) workloadSet {
	w := workloadSet{all: map[string]*apiscript.Collection{}}
	lists := map[string]func() runtime.Object{
		"Deployment":  func() runtime.Object { return new(appsv1.DeploymentList) },
		"StatefulSet": func() runtime.Object { return new(appsv1.StatefulSetList) },
		"DaemonSet":   func() runtime.Object { return new(appsv1.DaemonSetList) },
		"Job":         func() runtime.Object { return new(batchv1.JobList) },
	}
	for _, r := range workloads.Resources() {
		served := apiscript.Resource{
			GroupVersion: r.GroupVersion, Plural: r.Plural, Kind: r.Kind, NewList: lists[r.Kind],
			OwnEtcd: true, // so that each has versions of its own to await
		}
		switch r.Kind {
		case "Deployment":
			w.deployments = apiscript.Serve[*appsv1.Deployment](server, served)
			w.all[r.String()] = w.deployments.Collection
		case "StatefulSet":
			w.all[r.String()] = apiscript.Serve[*appsv1.StatefulSet](server, served).Collection
		case "DaemonSet":
			w.all[r.String()] = apiscript.Serve[*appsv1.DaemonSet](server, served).Collection
		default:
			w.all[r.String()] = apiscript.Serve[*batchv1.Job](server, served).Collection
		}
	}
	return w
}

// set stores a Deployment, if workloads are watched.
func (w workloadSet) set(d *appsv1.Deployment) {
	if w.deployments != nil {
		w.deployments.Set(d)
	}
}

// deployment returns the Deployment of a pod that can't be created, with these conditions.
func (r *round) deployment(pod *corev1.Pod, conditions ...appsv1.DeploymentCondition) *appsv1.Deployment {
	generation, name := int64(r.number+1), pod.Labels["app.kubernetes.io/name"]
	template := map[string]string{}
	for key, value := range pod.Labels {
		if key != appsv1.DefaultDeploymentUniqueLabelKey {
			template[key] = value
		}
	}
	for i := range conditions {
		conditions[i].LastUpdateTime, conditions[i].LastTransitionTime = metav1.Now(), metav1.Now()
	}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: name, UID: "uid-of-" + types.UID(name), Generation: generation,
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(1)),
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: template}},
		},
		Status: appsv1.DeploymentStatus{ObservedGeneration: generation, Conditions: conditions},
	}
}
