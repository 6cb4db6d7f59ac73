// Package wire reads what API servers send in protobuf: events of a watch, lists,
// and the fields of any message. It copies nothing but strings, and reads lists of
// any length one item at a time.
//
// Package podwire decodes pods with it; a decoder of another resource begins with
// [NewReader] in the same way.
//
// You don't need it for JSON, which goes through client-go's decoders, nor for
// objects that are read whole: their generated code does that.
package wire
