// Package loghouse tests that loghouse can store and query the lines on stdout. Lines of the
// real program pass through a container runtime's log file and loghouse's mapping into a real
// ClickHouse with loghouse's table. The SQL that loghouse generates from its query language
// finds them.
//
// `make loghouse-test` runs it; tests with ClickHouse have the build tag loghouse. Fluentd is
// not in Debian, so there are stand-ins for the runtime, for loghouse's fluentd and for its
// query language. Each names the steps that it replaces, and `make test` runs their own tests.
package loghouse
