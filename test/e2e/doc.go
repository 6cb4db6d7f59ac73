// Package e2e tests on a real control plane and with a real Collector that every change of
// every pod has its record on stdout and at the Collector: once, in order, with the same
// fields, and without any other record. `make e2e` runs it; its tests have the build tag e2e.
//
// An oracle computes the expected records from etcd's history. It shares neither code nor
// connections with the program. It also expects the bundle of each pod, from the marks of
// managers on the deployed objects, and one trace for each version.
//
// `make chaos` tests the same while faults are injected into everything: the program, the
// Collector, the network between them, the disk, plugins, the API server, etcd and its
// history. A checker compares the records of many runs with the oracle's, and allows for
// duplicates; `make test` tests oracle and checker themselves.
package e2e
