// Package record holds what pod-status-logger emits: one [Record] for one
// change in a pod's life, the table of its [Fields] with their names on stdout
// and over OTLP, and the deterministic [ID] by which a record sent twice can be
// recognised.
//
// It knows neither Kubernetes nor OpenTelemetry's SDK: package status fills
// records, package emit writes them.
package record

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Action says what happened to the pod.
type Action uint8

// The actions. Only an [Update] has a [State]. [Drop] is about no pod: it tells
// that records had to make room, where the operator wants it so.
const (
	Create Action = iota + 1
	Update
	Delete
	Drop
)

// String returns the action as it is written: create, update, delete or drop.
func (a Action) String() string {
	switch a {
	case Create:
		return "create"
	case Update:
		return "update"
	case Delete:
		return "delete"
	case Drop:
		return "drop"
	}
	return ""
}

// EventName is the OpenTelemetry event name of records with this action.
func (a Action) EventName() string {
	switch a {
	case Create:
		return "podstatus.create"
	case Update:
		return "podstatus.update"
	case Delete:
		return "podstatus.delete"
	case Drop:
		return "podstatus.drop"
	}
	return ""
}

// State is the state of a container, or the headline state of a pod. The zero
// value means that the record has none.
type State uint8

// The states, as the product's contract names them: Error is a container that
// waits for a reason that is an error.
const (
	Waiting State = iota + 1
	Running
	Error
	Terminated
)

// String returns the state as it is written: waiting, running, error or terminated.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Running:
		return "running"
	case Error:
		return "error"
	case Terminated:
		return "terminated"
	}
	return ""
}

// Level is the severity of a record.
type Level uint8

// The levels in rising order.
const (
	LevelInfo Level = iota
	LevelWarning
	LevelError
)

// String returns the level as it is written on stdout: info, warning or error.
func (l Level) String() string {
	switch l {
	case LevelWarning:
		return "warning"
	case LevelError:
		return "error"
	}
	return "info"
}

// ContainerType tells the containers of a pod apart.
type ContainerType uint8

// The container types. A Sidecar is an init container with restart policy Always.
const (
	Regular ContainerType = iota
	Init
	Sidecar
	Ephemeral
)

// String returns the type as it is written: container, init, sidecar or ephemeral.
func (t ContainerType) String() string {
	switch t {
	case Init:
		return "init"
	case Sidecar:
		return "sidecar"
	case Ephemeral:
		return "ephemeral"
	}
	return "container"
}

// Record is one change in a pod's life, or tells that records were dropped.
//
// The strings are as Kubernetes gave them and may hold invalid UTF-8; whoever
// writes a record makes them valid.
type Record struct {
	Time    time.Time // when the event was received
	Level   Level
	Message string // one plain sentence for people
	Action  Action

	State  State  // updates only
	Reason string // as Kubernetes gave it; empty is a value with Waiting and Error
	Info   string // Kubernetes' message, unchanged

	Pod       *Pod       // shared by the records of one event; nil with Drop only
	Dropped   *Dropped   // with Drop only
	Container *Container // nil where the record is about the pod as a whole

	OccurredAt      time.Time // zero where Kubernetes gives no time
	Initial         bool      // the pod existed before the first start
	Recovered       bool      // found by comparing, not seen as an event
	ResourceVersion string
	ID              ID
	Seq             uint64

	// What plugins added. Keys of Attributes are unique and begin with the
	// name of the plugin and a dot.
	Attributes  []attribute.KeyValue
	SpanContext trace.SpanContext
	Enrichment  string // why a plugin gave nothing; empty where all did
}

// HasReason tells whether the record carries reason and info: always with
// Waiting and Error, else where Kubernetes gave either.
func (r *Record) HasReason() bool {
	return r.State == Waiting || r.State == Error || r.Reason != "" || r.Info != ""
}

// Size returns about how many bytes a record has that is sent to a plugin, so
// far as that varies much.
func (r *Record) Size() int {
	size := len(r.Info) + len(r.Reason) + r.Pod.Labels.Size() + r.Pod.Annotations.Size()
	if r.Pod.Owners != nil {
		size += r.Pod.Owners.Size()
	}
	return size
}

// Dropped are the records that had to make room before they were sent.
type Dropped struct {
	Records           uint64
	FirstSeq, LastSeq uint64 // the numbers of the first and the last of them
	Total             uint64 // how many were dropped since the journal was made
}

// Valid replaces what is no UTF-8 in a string that comes from outside.
func Valid(s string) string {
	if utf8.ValidString(s) { // several times as fast, and nearly always so
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Pod is what a record says of its pod.
type Pod struct {
	Name, Namespace, UID string
	Node                 string // empty until scheduled
	Phase                string // Pending, Running, Succeeded, Failed or Unknown
	Reason               string // status.reason, such as Evicted
	Labels               Labels
	Annotations          Labels   // those that plugins need
	Controller           OwnerRef // zero where the pod is nobody's
	Workload             Workload
	Service              Service

	// Owners is looked up where a plugin needs it; nil: not looked up.
	Owners *OwnerChain
}

// Workload names the objects that a pod belongs to, as far as its controller
// reference tells. Unknown names are empty.
type Workload struct {
	Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob string
}

// Service is the OpenTelemetry service identity of a pod, derived as the
// semantic conventions say for Kubernetes:
// https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/
type Service struct {
	Name, Namespace, Version, InstanceID string
}

// Container is what a record says of the container that it is about.
type Container struct {
	Name         string
	Type         ContainerType
	Image        string // the reference in the pod's status
	Ready        bool
	RestartCount int32
	Terminated   bool   // ExitCode and Signal are meaningful
	ExitCode     int32  // also 0
	Signal       int32  // 0 where none was given
	Status       string // Kubernetes' own state: waiting, running or terminated
}
