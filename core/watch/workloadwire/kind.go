package workloadwire

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
)

// kind is how workloads of one kind are read.
type kind struct {
	name       string
	newObject  func() unmarshaler
	spec       func(d *Decoder, message []byte, w *Workload) bool
	status     func(d *Decoder, message []byte, s *Status) bool
	conditions conditionFields
}

type unmarshaler interface{ Unmarshal(message []byte) error }

// kindOf returns a kind by its name.
func kindOf(name string) kind {
	usual := conditionFields{transition: 3, reason: 4, message: 5}
	switch name {
	case "StatefulSet":
		return kind{name, func() unmarshaler { return new(appsv1.StatefulSet) }, statefulSetSpec, statefulSetStatus, usual}
	case "DaemonSet":
		return kind{name, func() unmarshaler { return new(appsv1.DaemonSet) }, daemonSetSpec, daemonSetStatus, usual}
	case "Job":
		return kind{
			name, func() unmarshaler { return new(batchv1.Job) }, jobSpec, jobStatus,
			conditionFields{transition: 4, reason: 5, message: 6},
		}
	}
	return kind{
		"Deployment", func() unmarshaler { return new(appsv1.Deployment) }, deploymentSpec, deploymentStatus,
		conditionFields{reason: 4, message: 5, update: 6, transition: 7},
	}
}
