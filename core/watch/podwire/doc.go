// Package podwire decodes from a pod's protobuf the fields that records need, and
// skips the others by their length: managedFields, volumes, environment variables
// and so on are most of a pod's bytes.
//
//	d := podwire.NewDecoder(annotations)
//	var pod podwire.Pod // can be decoded into again and again
//	err := d.Decode(raw, &pod)
//
// The fields are read as the generated code of Kubernetes reads them. Tests and a
// fuzz target hold the decoder to that, and bytes that it refuses go to that code.
// See DESIGN.md.
//
// The fields are
//
//   - metadata: name, namespace, uid, resourceVersion, times of creation and
//     deletion, grace period, labels, owner references, wanted annotations
//   - spec: nodeName, readiness gates; name, image and restart policy of all
//     containers
//   - status: phase, reason, message, resize, the conditions, the statuses of all
//     containers with the health of their devices, without their ids, resources and
//     the like
//
// You don't need this package to read a few pods now and then.
package podwire
