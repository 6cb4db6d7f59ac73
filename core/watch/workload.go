package watch

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// Workloads returns the resources of Deployments, StatefulSets, DaemonSets and Jobs, which
// have the fields that package workloadwire reads, and those annotations that have one of
// these keys.
func Workloads(annotations ...string) []Resource {
	resource := func(gv schema.GroupVersion, plural, kind string) Resource {
		return Resource{
			GroupVersion: gv, Plural: plural, Kind: kind,
			NewDecoder: func() Decoder { return workloadDecoder{workloadwire.NewDecoder(kind, annotations)} },
		}
	}
	return []Resource{
		resource(appsv1.SchemeGroupVersion, "deployments", "Deployment"),
		resource(appsv1.SchemeGroupVersion, "statefulsets", "StatefulSet"),
		resource(appsv1.SchemeGroupVersion, "daemonsets", "DaemonSet"),
		resource(batchv1.SchemeGroupVersion, "jobs", "Job"),
	}
}

type workloadDecoder struct{ workloads *workloadwire.Decoder }

func (d workloadDecoder) New() Object { return d.workloads.New() }

func (d workloadDecoder) Decode(message []byte, into Object) error {
	w, ok := into.(*workloadwire.Workload)
	if !ok {
		return fmt.Errorf("decode workload into %T", into)
	}
	return d.workloads.Decode(message, w)
}

func (d workloadDecoder) Convert(object runtime.Object) (Object, bool) {
	w, ok := d.workloads.Convert(object)
	if !ok {
		return nil, false
	}
	return &w, true
}

// WorkloadOf returns the workload that an object is, nil if it is none.
func WorkloadOf(o Object) *workloadwire.Workload {
	w, _ := o.(*workloadwire.Workload)
	return w
}
