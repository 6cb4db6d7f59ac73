package workloadwire

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	statefulSetSpecReplicas       = 1
	statefulSetSpecTemplate       = 3
	statefulSetSpecUpdateStrategy = 7

	statefulSetStrategyType          = 1
	statefulSetStrategyRollingUpdate = 2
	rollingUpdatePartition           = 1

	statefulSetStatusObservedGeneration = 1
	statefulSetStatusReplicas           = 2
	statefulSetStatusReadyReplicas      = 3
	statefulSetStatusUpdatedReplicas    = 5
	statefulSetStatusCurrentRevision    = 6
	statefulSetStatusUpdateRevision     = 7
	statefulSetStatusConditions         = 10
	statefulSetStatusAvailableReplicas  = 11
)

func statefulSetSpec(d *Decoder, message []byte, w *Workload) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case statefulSetSpecReplicas:
			w.Spec.Replicas = number32(&r)
		case statefulSetSpecTemplate:
			r.Require(d.template(r.Bytes(), &w.Template))
		case statefulSetSpecUpdateStrategy:
			r.Require(statefulSetStrategy(r.Bytes(), &w.Spec))
		}
	}
	return r.OK()
}

func statefulSetStrategy(message []byte, s *Spec) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case statefulSetStrategyType:
			s.OnDelete = string(r.Bytes()) == string(appsv1.OnDeleteStatefulSetStrategyType)
		case statefulSetStrategyRollingUpdate:
			s.Partitioned = true
			parameters := wire.NewReader(r.Bytes())
			for parameters.Next() {
				if parameters.Field == rollingUpdatePartition {
					s.Partition = number32(&parameters)
				}
			}
			r.Require(parameters.OK())
		}
	}
	return r.OK()
}

func statefulSetStatus(d *Decoder, message []byte, s *Status) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case statefulSetStatusObservedGeneration:
			s.ObservedGeneration = number64(&r)
		case statefulSetStatusReplicas:
			s.Replicas = number32(&r)
		case statefulSetStatusReadyReplicas:
			s.Ready = number32(&r)
		case statefulSetStatusUpdatedReplicas:
			s.Updated = number32(&r)
		case statefulSetStatusAvailableReplicas:
			s.Available = number32(&r)
		case statefulSetStatusCurrentRevision:
			s.CurrentRevision = string(r.Bytes())
		case statefulSetStatusUpdateRevision:
			s.UpdateRevision = string(r.Bytes())
		case statefulSetStatusConditions:
			r.Require(d.condition(r.Bytes(), s))
		}
	}
	return r.OK()
}

func (w *Workload) convertStatefulSet(o *appsv1.StatefulSet) {
	s, strategy := &o.Status, &o.Spec.UpdateStrategy
	w.Spec = Spec{
		Replicas: valueOf(o.Spec.Replicas), OnDelete: strategy.Type == appsv1.OnDeleteStatefulSetStrategyType,
		Partitioned: strategy.RollingUpdate != nil,
	}
	if strategy.RollingUpdate != nil {
		w.Spec.Partition = valueOf(strategy.RollingUpdate.Partition)
	}
	w.Status = Status{
		ObservedGeneration: s.ObservedGeneration, CurrentRevision: s.CurrentRevision, UpdateRevision: s.UpdateRevision,
		Replicas: s.Replicas, Updated: s.UpdatedReplicas, Ready: s.ReadyReplicas, Available: s.AvailableReplicas,
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		w.Status.Conditions = append(w.Status.Conditions, Condition{
			string(c.Type), string(c.Status), c.Reason, c.Message, later(c.LastTransitionTime, metav1.Time{}),
		})
	}
}
