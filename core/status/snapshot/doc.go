// Package snapshot keeps the last emitted state of a pod, for the comparison with its next
// version, in about two hundred bytes.
//
// [Settings.Of] makes a [State] from a pod; [State.Append] encodes it, and [Parse]
// decodes it. Package status has the rules that compare two of them.
package snapshot
