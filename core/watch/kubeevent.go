package watch

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/watch/eventwire"
)

// Events returns the resource of the Events of core/v1, which have the fields that
// package eventwire reads. They include those of events.k8s.io: an API server has one
// kind of Event under two names.
func Events() Resource {
	return Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "events", Kind: "Event",
		NewDecoder: func() Decoder { return eventDecoder{eventwire.NewDecoder()} },
	}
}

type eventDecoder struct{ events *eventwire.Decoder }

func (eventDecoder) New() Object { return new(eventwire.Event) }

func (d eventDecoder) Decode(message []byte, into Object) error {
	event, ok := into.(*eventwire.Event)
	if !ok {
		return fmt.Errorf("decode Event into %T", into)
	}
	return d.events.Decode(message, event)
}

func (eventDecoder) Convert(object runtime.Object) (Object, bool) {
	event, ok := object.(*corev1.Event)
	if !ok {
		return nil, false
	}
	return &eventwire.Event{Event: *event}, true
}

// EventOf returns the Event of core/v1 that an object is, nil if it is none.
func EventOf(o Object) *corev1.Event {
	switch event := o.(type) {
	case *eventwire.Event:
		return &event.Event
	case *corev1.Event:
		return event
	default:
		return nil
	}
}
