// Package podwire reads from a pod's protobuf what records need, and skips the
// rest by its length: managedFields, volumes, environments and much more are most
// of a pod's bytes.
//
//	d := podwire.NewDecoder(annotations)
//	var pod podwire.Pod // may be decoded into again and again
//	err := d.Decode(raw, &pod)
//
// What is read is as the generated code of Kubernetes would read it; tests and a
// fuzz target hold it to that, and bytes that are refused here are given to that
// code. See DESIGN.md.
//
// Of a pod are read
//
//   - metadata: name, namespace, uid, resourceVersion, times of creation and
//     deletion, grace period, labels, owner references, wanted annotations
//   - spec: nodeName; name, image and restart policy of all containers
//   - status: phase, reason, message, the conditions, the statuses of all
//     containers but for their ids, resources and the like
//
// You don't need this package where a few pods are read now and then.
package podwire
