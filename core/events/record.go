package events

import (
	"math/bits"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// powerOf returns the exponent of the greatest power of two that the Event's count has
// reached.
func powerOf(e *corev1.Event) uint8 {
	return uint8(bits.Len64(uint64(CountOf(e))) - 1) //nolint:gosec // between 0 and 62
}

// Record returns the record of the present state of an Event. pod is the pod that it is
// about, as far as it is known; of an Event about another object it is not used.
func (r Rules) Record(e *corev1.Event, pod *record.Pod, at time.Time) record.Record {
	rec := record.Record{
		Time: at, Action: record.Event,
		Reason: e.Reason, Info: e.Message, OccurredAt: occurredAt(e),
		ResourceVersion: e.ResourceVersion,
		ID:              record.NewID(r.Cluster, string(e.UID), "", record.Event, "", int(powerOf(e))),
		Event: &record.EventInfo{
			Count: CountOf(e), Source: sourceOf(e), Type: e.Type, Container: containerOf(e),
		},
		Pod: pod,
	}
	if e.Type == corev1.EventTypeWarning {
		rec.Level = record.LevelWarning
	}
	if !AboutPod(e) {
		rec.Object = &record.Object{Kind: e.InvolvedObject.Kind, Name: e.InvolvedObject.Name}
		rec.Pod = ownerOf(e)
	}
	rec.Message = message(&rec)
	return rec
}

// PodOf returns as much as an Event reveals of the pod that it is about.
func PodOf(e *corev1.Event) *record.Pod {
	o := &e.InvolvedObject
	return &record.Pod{Name: o.Name, Namespace: namespaceOf(e), UID: string(o.UID)}
}

func ownerOf(e *corev1.Event) *record.Pod {
	o := &e.InvolvedObject
	return record.NewOwner(namespaceOf(e), record.OwnerRef{
		APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, UID: string(o.UID),
	})
}

// namespaceOf returns the namespace of the Event's object, which is also the Event's.
func namespaceOf(e *corev1.Event) string {
	if e.InvolvedObject.Namespace != "" {
		return e.InvolvedObject.Namespace
	}
	return e.Namespace
}

// occurredAt returns when the Event last happened.
func occurredAt(e *corev1.Event) time.Time {
	if e.Series != nil && !e.Series.LastObservedTime.IsZero() {
		return e.Series.LastObservedTime.Time
	}
	for _, t := range [...]time.Time{
		e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time,
	} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// message returns the sentence of a record: "container cart of pod shop/cart-x7k2p has
// Event Unhealthy, 8 times (Readiness probe failed)".
func message(r *record.Record) string {
	subject := "pod " + r.Pod.Namespace + "/" + r.Pod.Name
	switch {
	case r.Object != nil:
		subject = r.Object.Kind + " " + r.Pod.Namespace + "/" + r.Object.Name
	case r.Event.Container != "":
		subject = "container " + r.Event.Container + " of " + subject
	}
	predicate := " has Event " + r.Reason
	if r.Event.Count > 1 {
		predicate += ", " + strconv.FormatInt(r.Event.Count, 10) + " times"
	}
	return subject + predicate + record.Details(r.Info)
}

// Gap returns the record of a time of which Events of a namespace may be missing ("": of
// all), as their watch could not resume from a resourceVersion.
func (r Rules) Gap(namespace, from string, since, until time.Time) record.Record {
	return record.Record{
		Time: until, Level: record.LevelWarning, Action: record.Gap, ResourceVersion: from,
		Message: "Events that came and expired between " + since.UTC().Format(time.RFC3339) + " and " +
			until.UTC().Format(time.RFC3339) +
			" may be missing, because the API server no longer has the history of their watch",
		ID:  record.NewID(r.Cluster, "", from, record.Gap, namespace, 0),
		Gap: &record.GapInfo{From: since, To: until},
	}
}
