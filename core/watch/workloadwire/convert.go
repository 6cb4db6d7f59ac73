package workloadwire

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Convert returns the fields of an object that was decoded as a whole. ok is false unless
// it is of the decoder's kind.
func (d *Decoder) Convert(object any) (w Workload, ok bool) {
	w.Kind = d.kind.name
	is := ""
	switch o := object.(type) {
	case *appsv1.Deployment:
		is = "Deployment"
		d.convert(&w, &o.ObjectMeta, &o.Spec.Template)
		w.convertDeployment(o)
	case *appsv1.StatefulSet:
		is = "StatefulSet"
		d.convert(&w, &o.ObjectMeta, &o.Spec.Template)
		w.convertStatefulSet(o)
	case *appsv1.DaemonSet:
		is = "DaemonSet"
		d.convert(&w, &o.ObjectMeta, &o.Spec.Template)
		w.convertDaemonSet(o)
	case *batchv1.Job:
		is = "Job"
		d.convert(&w, &o.ObjectMeta, &o.Spec.Template)
		w.convertJob(o)
	}
	return w, is == d.kind.name
}

func (d *Decoder) convert(w *Workload, m *metav1.ObjectMeta, t *corev1.PodTemplateSpec) {
	w.ObjectMeta = metav1.ObjectMeta{
		Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion, Generation: m.Generation,
		CreationTimestamp: m.CreationTimestamp, Labels: m.Labels, Annotations: d.some(m.Annotations),
	}
	if c := metav1.GetControllerOfNoCopy(m); c != nil {
		w.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: c.APIVersion, Kind: c.Kind, Name: c.Name, UID: c.UID, Controller: c.Controller,
		}}
	}
	w.Template = Template{t.Labels, d.some(t.Annotations)}
}

// some returns the wanted ones of some annotations.
func (d *Decoder) some(all map[string]string) (wanted map[string]string) {
	for key, value := range all {
		if d.wanted[key] {
			if wanted == nil {
				wanted = make(map[string]string)
			}
			wanted[key] = value
		}
	}
	return wanted
}

func valueOf(p *int32) int32 {
	if p == nil {
		return 0
	}
	return *p
}

// later returns the later one of two times in UTC.
func later(a, b metav1.Time) time.Time {
	t := a.Time
	if b.After(t) {
		t = b.Time
	}
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), 0).UTC()
}
