// Package input reads records back: from stdout, logs of containers and exports of stores.
package input

import "time"

// Record is a record that was read back, as far as timelines need it. A field that the record lacks is empty.
type Record struct {
	Received   time.Time
	OccurredAt time.Time // zero if Kubernetes gave no time
	Message    string
	Level      string
	Action     string
	State      string
	Reason     string
	Info       string

	Cluster   string
	Namespace string
	Pod       string
	UID       string
	Node      string
	Phase     string

	Container     string
	ContainerType string
	Image         string
	Ready         bool
	Restarts      int32
	ExitCode      int32
	HasExitCode   bool
	Signal        int32
	Device        string
	DeviceHealth  string

	Condition       string
	ConditionStatus string

	BundleID      string
	BundleName    string
	BundleVersion string
	Workload      string // its name, from OTLP
	TraceID       string

	ID        string
	Seq       uint64
	Initial   bool
	Recovered bool
}

// valid reports whether r is a record about a pod.
func (r *Record) valid() bool { return r.Action != "" && r.Pod != "" && !r.Received.IsZero() }
