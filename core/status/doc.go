// Package status detects changes in a pod's life. Its [Rules] compare a pod with the
// compact [State] of the version before and return the records of the difference,
// together with the new state.
//
// Everything here is a pure function of its arguments: no clock, no client, no
// memory except the State that the caller keeps. No pod outlives the call.
// [State.Append] encodes a State; [ParseState] decodes it. Package snapshot makes them.
package status
