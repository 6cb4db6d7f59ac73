// Package eventwire decodes from the protobuf of an Event of core/v1 the fields that
// records need, as package podwire does for pods, with the same promises.
//
//	d := eventwire.NewDecoder()
//	var event eventwire.Event // can be decoded into again and again
//	err := d.Decode(raw, &event)
//
// The fields are
//
//   - metadata: name, namespace, uid, resourceVersion, time of creation
//   - the object that the Event is about, reason, message and type
//   - the component that reports it, count and times, also those of a series
//
// Related object, action, host and instance are skipped.
package eventwire
