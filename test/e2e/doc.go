// Package e2e proves on a real control plane and a real Collector that every
// change of every pod is on stdout and at the Collector once, in order, with
// the same fields, and that nothing else is. `make e2e` runs it; its tests have
// the build tag e2e.
//
// What must have been told is worked out by a witness that reads etcd's own
// history, and shares neither code nor connection with the program. The same is
// done for what belongs together: what managers mark on the objects that they
// deploy is on all records of the pods, with one trace for each version.
package e2e
