// Package compare runs two builds of the program on the same random pod lives and compares
// their output and their stores: stdout line by line, the OTLP records, and the states in the
// journal. `make compare BASE=main` runs it.
//
// A change of the code's structure makes no difference. For a change of a rule the test
// lists the differences, grouped by kind and counted.
package compare
