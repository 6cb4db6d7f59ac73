// Package record defines the records that pod-status-logger emits: one [Record] for
// one change in a pod's life, the table of its [Fields] with their names on stdout
// and over OTLP, and the deterministic [ID] that identifies duplicates.
//
// It depends neither on Kubernetes nor on OpenTelemetry's SDK: package status makes
// records, package emit writes them.
package record

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Record is one change in a pod's life or of a workload, a Kubernetes Event, or with action [Drop] or [Gap]
// a report about the records themselves.
//
// The strings are as Kubernetes gave them and may contain invalid UTF-8. The code
// that writes a record passes them through [Valid].
type Record struct {
	Time    time.Time // when the event was received
	Message string    // one plain sentence for people

	// Small fields are next to each other: they take 16 bytes less.
	Level     Level
	Action    Action
	State     State // updates only
	Initial   bool  // the pod existed before the first start
	Recovered bool  // found by comparison, not received as an event

	Reason string // as Kubernetes gave it; an empty reason is a value with Waiting and Error
	Info   string // Kubernetes' message, unchanged

	// Pod is shared by the records of one event; nil only with Drop and Gap. With Object it
	// has no name, but the known data of the pods that the object owns or would own.
	Pod       *Pod
	Object    *Object      // nil unless the record is about an object that owns pods
	Event     *EventInfo   // nil unless the action is Event
	Gap       *GapInfo     // only with Gap
	Rollout   *RolloutInfo // only with WorkloadChange
	Dropped   *Dropped     // only with Drop
	Container *Container   // nil if the record is about the pod as a whole
	Condition *Condition   // nil unless the record is about one condition of the pod

	OccurredAt      time.Time // zero if Kubernetes gives no time
	ResourceVersion string
	ID              ID
	Seq             uint64

	// Attributes are those that plugins added. Their keys are unique and begin with
	// the plugin's name and a dot.
	Attributes  []attribute.KeyValue
	SpanContext trace.SpanContext // zero unless a plugin gave a trace context
	Enrichment  string            // why a plugin added nothing; empty if all succeeded
}

// HasReason reports whether the record contains reason and info: always with Waiting
// and Error, otherwise if Kubernetes gave either.
func (r *Record) HasReason() bool {
	return r.State == Waiting || r.State == Error || r.Reason != "" || r.Info != ""
}

// Size returns the approximate size in bytes of the record as plugins receive it,
// counting only the parts that vary much.
func (r *Record) Size() int {
	size := len(r.Info) + len(r.Reason) + r.Pod.Labels.Size() + r.Pod.Annotations.Size()
	if r.Pod.Owners != nil {
		size += r.Pod.Owners.Size()
	}
	return size
}

// Dropped counts the records that were dropped before they were sent.
type Dropped struct {
	Records           uint64
	FirstSeq, LastSeq uint64 // sequence numbers of the first and the last of them
	Total             uint64 // records dropped since the journal was created
}

// Valid returns s with invalid UTF-8 replaced by U+FFFD.
func Valid(s string) string {
	if utf8.ValidString(s) { // nearly always, and several times as fast
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
