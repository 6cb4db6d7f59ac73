package workloadwire

import (
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	jobSpecParallelism = 1
	jobSpecCompletions = 2
	jobSpecTemplate    = 6

	jobStatusConditions = 1
	jobStatusActive     = 4
	jobStatusSucceeded  = 5
	jobStatusFailed     = 6
	jobStatusReady      = 9
)

func jobSpec(d *Decoder, message []byte, w *Workload) bool {
	var parallelism int32
	completions := false
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case jobSpecParallelism:
			parallelism = number32(&r)
		case jobSpecCompletions:
			w.Spec.Replicas, completions = number32(&r), true
		case jobSpecTemplate:
			r.Require(d.template(r.Bytes(), &w.Template))
		}
	}
	if !completions {
		w.Spec.Replicas = parallelism
	}
	return r.OK()
}

func jobStatus(d *Decoder, message []byte, s *Status) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case jobStatusConditions:
			r.Require(d.condition(r.Bytes(), s))
		case jobStatusActive:
			s.Active = number32(&r)
		case jobStatusSucceeded:
			s.Succeeded = number32(&r)
		case jobStatusFailed:
			s.Failed = number32(&r)
		case jobStatusReady:
			s.Ready = number32(&r)
		}
	}
	return r.OK()
}

func (w *Workload) convertJob(o *batchv1.Job) {
	s := &o.Status
	w.Spec.Replicas = valueOf(o.Spec.Parallelism)
	if o.Spec.Completions != nil {
		w.Spec.Replicas = *o.Spec.Completions
	}
	w.Status = Status{Active: s.Active, Succeeded: s.Succeeded, Failed: s.Failed, Ready: valueOf(s.Ready)}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		w.Status.Conditions = append(w.Status.Conditions, Condition{
			string(c.Type), string(c.Status), c.Reason, c.Message, later(c.LastTransitionTime, metav1.Time{}),
		})
	}
}
