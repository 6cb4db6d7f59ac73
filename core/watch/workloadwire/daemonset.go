package workloadwire

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	daemonSetSpecTemplate       = 2
	daemonSetSpecUpdateStrategy = 3
	daemonSetStrategyType       = 1

	daemonSetStatusCurrentNumberScheduled = 1
	daemonSetStatusDesiredNumberScheduled = 3
	daemonSetStatusNumberReady            = 4
	daemonSetStatusObservedGeneration     = 5
	daemonSetStatusUpdatedNumberScheduled = 6
	daemonSetStatusNumberAvailable        = 7
	daemonSetStatusConditions             = 10
)

func daemonSetSpec(d *Decoder, message []byte, w *Workload) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case daemonSetSpecTemplate:
			r.Require(d.template(r.Bytes(), &w.Template))
		case daemonSetSpecUpdateStrategy:
			strategy := wire.NewReader(r.Bytes())
			for strategy.Next() {
				if strategy.Field == daemonSetStrategyType {
					w.Spec.OnDelete = string(strategy.Bytes()) == string(appsv1.OnDeleteDaemonSetStrategyType)
				}
			}
			r.Require(strategy.OK())
		}
	}
	return r.OK()
}

func daemonSetStatus(d *Decoder, message []byte, s *Status) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case daemonSetStatusCurrentNumberScheduled:
			s.Replicas = number32(&r)
		case daemonSetStatusDesiredNumberScheduled:
			s.Desired = number32(&r)
		case daemonSetStatusNumberReady:
			s.Ready = number32(&r)
		case daemonSetStatusObservedGeneration:
			s.ObservedGeneration = number64(&r)
		case daemonSetStatusUpdatedNumberScheduled:
			s.Updated = number32(&r)
		case daemonSetStatusNumberAvailable:
			s.Available = number32(&r)
		case daemonSetStatusConditions:
			r.Require(d.condition(r.Bytes(), s))
		}
	}
	return r.OK()
}

func (w *Workload) convertDaemonSet(o *appsv1.DaemonSet) {
	s := &o.Status
	w.Spec.OnDelete = o.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
	w.Status = Status{
		ObservedGeneration: s.ObservedGeneration, Desired: s.DesiredNumberScheduled, Replicas: s.CurrentNumberScheduled,
		Updated: s.UpdatedNumberScheduled, Ready: s.NumberReady, Available: s.NumberAvailable,
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		w.Status.Conditions = append(w.Status.Conditions, Condition{
			string(c.Type), string(c.Status), c.Reason, c.Message, later(c.LastTransitionTime, metav1.Time{}),
		})
	}
}
