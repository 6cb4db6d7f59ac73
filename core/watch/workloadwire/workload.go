package workloadwire

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Workload is a Deployment, a StatefulSet, a DaemonSet or a Job.
type Workload struct {
	metav1.ObjectMeta

	Kind     string // Deployment, StatefulSet, DaemonSet or Job
	Template Template
	Spec     Spec
	Status   Status
}

// Template is the metadata of the pods that a workload creates.
type Template struct{ Labels, Annotations map[string]string }

// Spec is the desired state.
type Spec struct {
	// Replicas is the number of pods; of a Job the number of completions, or else the
	// parallelism. A DaemonSet has the number in its status.
	Replicas int32
	// Partition is the number of pods of a StatefulSet that keep the former revision.
	Partition int32
	// Partitioned reports that the update strategy of a StatefulSet has parameters.
	Partitioned bool
	// OnDelete reports that a StatefulSet or a DaemonSet replaces pods only when
	// somebody deletes them.
	OnDelete bool
}

// Status is what the controller of the workload has observed.
type Status struct {
	// ObservedGeneration is the generation that the rest of the status is about. Jobs have
	// none.
	ObservedGeneration int64
	// Desired is the number of nodes that should run a pod of a DaemonSet.
	Desired int32
	// Replicas, Updated, Ready and Available are numbers of pods: all of them, those of the
	// newest revision, those that are ready, and those that have been ready for long enough.
	Replicas, Updated, Ready, Available int32
	// Active, Succeeded and Failed are numbers of pods of a Job.
	Active, Succeeded, Failed int32
	// CurrentRevision and UpdateRevision are names of a StatefulSet's ControllerRevisions.
	CurrentRevision, UpdateRevision string
	Conditions                      []Condition
}

// Condition is a condition of any kind of workload.
type Condition struct {
	Type, Status, Reason, Message string
	// Changed is when the controller last changed status or reason, as far as the
	// condition has times.
	Changed time.Time
}

// reset clears everything but the kind.
func (w *Workload) reset() {
	*w = Workload{Kind: w.Kind, Status: Status{Conditions: w.Status.Conditions[:0]}}
}
