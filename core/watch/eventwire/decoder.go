package eventwire

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// The constants name a message and one of its fields, and are the field's number in
// generated.proto of k8s.io/api/core/v1 and k8s.io/apimachinery/pkg/apis/meta/v1.
// TestEachField holds them to the generated code.
const (
	eventMetadata           = 1
	eventInvolvedObject     = 2
	eventReason             = 3
	eventMessage            = 4
	eventSource             = 5
	eventFirstTimestamp     = 6
	eventLastTimestamp      = 7
	eventCount              = 8
	eventType               = 9
	eventTime               = 10
	eventSeries             = 11
	eventReportingComponent = 14

	referenceKind       = 1
	referenceNamespace  = 2
	referenceName       = 3
	referenceUID        = 4
	referenceAPIVersion = 5
	referenceFieldPath  = 7

	sourceComponent = 1

	seriesCount            = 1
	seriesLastObservedTime = 2
)

// Event is an Event and the memory of its series, which the next [Decoder.Decode] into
// it reuses. Only its strings stay valid then.
type Event struct {
	corev1.Event

	series corev1.EventSeries
}

func (e *Event) reset() { *e = Event{} }

// Decoder decodes Events, and shares the strings that many of them have in common. Not
// safe for concurrent use. Make one with [NewDecoder].
type Decoder struct{ strings *wire.Strings }

// NewDecoder returns a decoder.
func NewDecoder() *Decoder { return &Decoder{wire.NewStrings()} }

// Decode reads an Event from message, a k8s.io.api.core.v1.Event, and shares no memory
// with it. The content of into is replaced.
//
// A message that is unusual in any way is left to the generated code. Such an Event
// has all of its fields.
func (d *Decoder) Decode(message []byte, into *Event) error {
	into.reset()
	if d.event(message, into) {
		return nil
	}
	into.reset()
	return into.Unmarshal(message)
}

func (d *Decoder) event(message []byte, e *Event) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case eventMetadata:
			r.Require(d.meta(r.Bytes(), &e.ObjectMeta))
		case eventInvolvedObject:
			r.Require(d.reference(r.Bytes(), &e.InvolvedObject))
		case eventReason:
			e.Reason = d.string(&r)
		case eventMessage:
			e.Message = string(r.Bytes())
		case eventSource:
			r.Require(d.source(r.Bytes(), &e.Source))
		case eventFirstTimestamp:
			r.Require(wire.Time(r.Bytes(), &e.FirstTimestamp))
		case eventLastTimestamp:
			r.Require(wire.Time(r.Bytes(), &e.LastTimestamp))
		case eventCount:
			e.Count = int32(r.Varint()) //nolint:gosec // that is how it is encoded
		case eventType:
			e.Type = d.string(&r)
		case eventTime:
			r.Require(wire.MicroTime(r.Bytes(), &e.EventTime))
		case eventSeries:
			e.Series = &e.series
			r.Require(series(r.Bytes(), e.Series))
		case eventReportingComponent:
			e.ReportingController = d.string(&r)
		}
	}
	return r.OK()
}

func (d *Decoder) meta(b []byte, m *metav1.ObjectMeta) bool {
	r := wire.NewReader(b)
	for r.Next() {
		d.strings.Identity(&r, m)
	}
	return r.OK()
}

func (d *Decoder) reference(b []byte, o *corev1.ObjectReference) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case referenceKind:
			o.Kind = d.string(&r)
		case referenceNamespace:
			o.Namespace = d.string(&r)
		case referenceName:
			o.Name = d.string(&r)
		case referenceUID:
			o.UID = types.UID(d.string(&r))
		case referenceAPIVersion:
			o.APIVersion = d.string(&r)
		case referenceFieldPath:
			o.FieldPath = d.string(&r)
		}
	}
	return r.OK()
}

func (d *Decoder) source(b []byte, s *corev1.EventSource) bool {
	r := wire.NewReader(b)
	for r.Next() {
		if r.Field == sourceComponent {
			s.Component = d.string(&r)
		}
	}
	return r.OK()
}

func series(b []byte, s *corev1.EventSeries) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case seriesCount:
			s.Count = int32(r.Varint()) //nolint:gosec // that is how it is encoded
		case seriesLastObservedTime:
			r.Require(wire.MicroTime(r.Bytes(), &s.LastObservedTime))
		}
	}
	return r.OK()
}

// string returns a value that many Events may have in common.
func (d *Decoder) string(r *wire.Reader) string { return d.strings.Intern(r.Bytes()) }
