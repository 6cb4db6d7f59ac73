// Package podspan reads the times of a pod's life from its status: the phases of its start, its end, its runs. They
// become spans of package span.
//
// Everything here is a pure function of its arguments.
package podspan
