package workloads

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// Resources returns the resources of Deployments, StatefulSets, DaemonSets and Jobs, which
// have the fields that package workloadwire reads, and those annotations that have one of
// these keys.
func Resources(annotations ...string) []watch.Resource {
	resource := func(gv schema.GroupVersion, plural, kind string) watch.Resource {
		return watch.Resource{
			GroupVersion: gv, Plural: plural, Kind: kind,
			NewDecoder: func() watch.Decoder { return workloadDecoder{workloadwire.NewDecoder(kind, annotations)} },
		}
	}
	return []watch.Resource{
		resource(appsv1.SchemeGroupVersion, "deployments", deployment),
		resource(appsv1.SchemeGroupVersion, "statefulsets", statefulSet),
		resource(appsv1.SchemeGroupVersion, "daemonsets", daemonSet),
		resource(batchv1.SchemeGroupVersion, "jobs", job),
	}
}

type workloadDecoder struct{ workloads *workloadwire.Decoder }

func (d workloadDecoder) New() watch.Object { return d.workloads.New() }

func (d workloadDecoder) Decode(message []byte, into watch.Object) error {
	w, ok := into.(*workloadwire.Workload)
	if !ok {
		return fmt.Errorf("decode workload into %T", into)
	}
	return d.workloads.Decode(message, w)
}

func (d workloadDecoder) Convert(object runtime.Object) (watch.Object, bool) {
	w, ok := d.workloads.Convert(object)
	if !ok {
		return nil, false
	}
	return &w, true
}

// Of returns the workload that an object is, nil if it is none.
func Of(o watch.Object) *workloadwire.Workload {
	w, _ := o.(*workloadwire.Workload)
	return w
}
