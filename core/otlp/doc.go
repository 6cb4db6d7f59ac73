// Package otlp sends encoded log records, or spans, to an OTLP receiver, each at least once: a
// [Sender] sends the contents of a journal until the receiver has acknowledged them. It doesn't
// decode them; package emit encodes log records.
//
// The SDK's batch processor and the stock exporters overwrite or drop records that a receiver
// doesn't accept in time. Use them for records that may get lost; DESIGN.md says more.
package otlp
