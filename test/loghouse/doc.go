// Package loghouse proves that the lines on stdout are what loghouse can work
// with: lines of the real program go through a container runtime's log file and
// loghouse's mapping into a real ClickHouse with loghouse's table, and are found
// by the SQL that loghouse makes of its query language.
//
// `make loghouse-test` runs it; what needs ClickHouse has the build tag loghouse.
// The stand-ins for the runtime, for loghouse's fluentd and for its query language
// are here, because fluentd is not in Debian; each says which steps it stands for,
// and `make test` runs the tests of their own.
package loghouse
