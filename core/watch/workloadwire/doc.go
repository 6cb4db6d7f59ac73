// Package workloadwire decodes Deployments, StatefulSets, DaemonSets and Jobs into one
// type, [Workload], which has the fields that records of rollouts need. From protobuf it
// reads no others, as package podwire does for pods, with the same promises.
//
//	d := workloadwire.NewDecoder("Deployment", annotations)
//	var w workloadwire.Workload // can be decoded into again and again
//	err := d.Decode(raw, &w)
//
// The fields are
//
//   - metadata: name, namespace, uid, resourceVersion, generation, time of creation, labels,
//     those annotations that have a wanted key, and the controller
//   - the pod template's labels, and those of its annotations that have a wanted key
//   - the desired number of replicas or completions, and how updates are rolled out
//   - the status: numbers of pods, revisions and conditions
package workloadwire
