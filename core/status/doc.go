// Package status decides what changed in a pod's life. Its [Rules] compare a pod
// with the compact [State] that was last told of it and give the records of the
// difference, together with the new state.
//
// Everything here is a pure function of its arguments: no clock, no client, no
// memory but the State that the caller keeps. No pod outlives the call. A State
// becomes bytes with [State.Append] and comes back with [ParseState].
package status
