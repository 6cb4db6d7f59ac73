// Package e2e proves on a real control plane and a real Collector that every
// change of every pod is on stdout and at the Collector once, in order, with
// the same fields, and that nothing else is. `make e2e` runs it; its tests have
// the build tag e2e.
//
// What must have been told is worked out by a witness that reads etcd's own
// history, and shares neither code nor connection with the program. The same is
// done for what belongs together: what managers mark on the objects that they
// deploy is on all records of the pods, with one trace for each version.
//
// `make chaos` proves the same while everything is killed, cut off and filled up,
// again and again: the program, the Collector, the network between them, the disk,
// plugins, the API server, etcd and its history. There the witness follows etcd,
// and a judge, whose own tests `make test` runs, allows for what may come again.
package e2e
