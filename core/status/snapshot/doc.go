// Package snapshot keeps what is compared of a pod between two of its versions: its last
// emitted state, in about two hundred bytes.
//
// [Settings.Of] makes a [State] from a pod; [State.Append] encodes it, and [Parse]
// decodes it. Package status has the rules that compare two of them.
package snapshot
