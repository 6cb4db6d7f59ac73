package workloadwire

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	deploymentSpecReplicas = 1
	deploymentSpecTemplate = 3

	deploymentStatusObservedGeneration = 1
	deploymentStatusReplicas           = 2
	deploymentStatusUpdatedReplicas    = 3
	deploymentStatusAvailableReplicas  = 4
	deploymentStatusConditions         = 6
	deploymentStatusReadyReplicas      = 7
)

func deploymentSpec(d *Decoder, message []byte, w *Workload) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case deploymentSpecReplicas:
			w.Spec.Replicas = number32(&r)
		case deploymentSpecTemplate:
			r.Require(d.template(r.Bytes(), &w.Template))
		}
	}
	return r.OK()
}

func deploymentStatus(d *Decoder, message []byte, s *Status) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case deploymentStatusObservedGeneration:
			s.ObservedGeneration = number64(&r)
		case deploymentStatusReplicas:
			s.Replicas = number32(&r)
		case deploymentStatusUpdatedReplicas:
			s.Updated = number32(&r)
		case deploymentStatusAvailableReplicas:
			s.Available = number32(&r)
		case deploymentStatusReadyReplicas:
			s.Ready = number32(&r)
		case deploymentStatusConditions:
			r.Require(d.condition(r.Bytes(), s))
		}
	}
	return r.OK()
}

func (w *Workload) convertDeployment(o *appsv1.Deployment) {
	s := &o.Status
	w.Spec.Replicas = valueOf(o.Spec.Replicas)
	w.Status = Status{
		ObservedGeneration: s.ObservedGeneration,
		Replicas:           s.Replicas, Updated: s.UpdatedReplicas, Ready: s.ReadyReplicas, Available: s.AvailableReplicas,
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		w.Status.Conditions = append(w.Status.Conditions, Condition{
			string(c.Type), string(c.Status), c.Reason, c.Message, later(c.LastTransitionTime, c.LastUpdateTime),
		})
	}
}
