// Package timeline makes intervals of records: in which state each pod and each container was, from when until when.
// All forms of output draw the same intervals.
package timeline

import "time"

// Timeline is the history of some pods.
type Timeline struct {
	// Start and End enclose everything that happened. Intervals may begin before Start: pods are older than the
	// first record.
	Start, End time.Time
	Rollouts   []*Rollout // by the first sign of life of their pods
	// Duplicates is the number of records that were left out because their record_id had come before.
	Duplicates int
}

// Rollout is one version of a bundle in one cluster. Pods without a bundle are those of a workload, or of a namespace.
type Rollout struct {
	Cluster string
	ID      string // of the bundle, empty if none is known
	Name    string
	Version string
	TraceID string
	Pods    []*Pod
}

// Row is a sequence of intervals without overlaps, in order, and the marks beside them.
type Row struct {
	Intervals []Interval
	Marks     []Mark
}

// Pod is the history of a pod.
type Pod struct {
	Row

	Namespace, Name, UID, Node string
	Created                    time.Time
	Containers                 []*Container // in the order in which records about them came
	Deleted                    bool
}

// Container is the history of a container.
type Container struct {
	Row

	Name, Type, Image string
	Restarts          int32
}

// Interval is a time in one state. The end of one is the start of the next in the row.
type Interval struct {
	Start, End time.Time
	Kind       Kind
	Open       bool // had not ended with the last record
	Fact
}

// Mark is something that happened at one moment.
type Mark struct {
	At   time.Time
	Kind MarkKind
	Fact
}

// Fact is the record that an interval begins with, or that a mark stands for.
type Fact struct {
	*Detail

	Seq         uint64
	ID          ID
	Restarts    int32
	ExitCode    int32
	HasExitCode bool
	Signal      int32
}

// Detail has the fields of a record that many records share.
type Detail struct {
	Action, State, Level, Phase string
	Reason, Info                string
	Container, Type, Image      string
	Node                        string
	Condition, ConditionStatus  string
	Device, DeviceHealth        string
	Ready                       bool
}

// ID is a record_id, all zeros if a record had none.
type ID [16]byte
