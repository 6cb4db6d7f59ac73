// Package otlp brings log records to an OTLP receiver, and none gets lost on the
// way: it encodes them while they are emitted ([Processor]), and sends what a
// journal holds until the receiver has acknowledged it ([Sender]).
//
// It stands in for the SDK's batch processor and the stock exporters, which
// overwrite or drop what a receiver doesn't take in time, and which can't give
// each pod an OTLP Resource of its own. DESIGN.md says more. For records that may
// get lost, the stock ones do.
package otlp
