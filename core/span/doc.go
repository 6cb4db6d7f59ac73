// Package span makes spans of pods: of a pod's start with its phases, of runs that fail meanwhile, of its stop, and of
// incidents afterwards. A pod's own status contains all times, so each span is made once and complete, and again with
// the same content after a crash.
//
// Everything here is a pure function of its arguments. Identifiers are hashes of text that others know, too;
// docs/traces.md has the rules.
package span
