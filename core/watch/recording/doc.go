// Package recording reads what kubectl prints of a watch: the events of pods, as a stream of
// core/watch has them, and the objects that own pods.
package recording
