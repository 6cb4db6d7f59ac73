// Package scenarios tests the program on a real node: containers that run, crash
// and are evicted, with the program running beside. An oracle derives the records
// from etcd's history, and a table for each scenario shows them by name.
package scenarios
