package emit

import (
	"math"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of opentelemetry.proto.common.v1.
const (
	keyValueKey   = 1
	keyValueValue = 2

	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
	anyArray  = 5
	anyMap    = 6
	anyBytes  = 7

	arrayValues = 1
	mapValues   = 1
)

// emptyMessage is the number of bytes that begin appends, for fields with a number below
// 16, as all are here.
const emptyMessage = 2

// begin appends the tag of an embedded message, with room for a length of one byte, and
// returns the start of the message, for end.
func begin(b []byte, field protowire.Number) (grown []byte, start int) {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = append(b, 0)
	return b, len(b)
}

// end fills in the length of the message from start to the end of b. Most messages here
// are key-value pairs shorter than 128 bytes; longer ones are moved to make room for
// their length, which is cheaper than measuring everything before writing it.
func end(b []byte, start int) []byte {
	size := len(b) - start
	if more := protowire.SizeVarint(uint64(size)) - 1; more > 0 { //nolint:gosec // not negative
		var room [8]byte
		b = append(b, room[:more]...)
		copy(b[start+more:], b[start:start+size])
	}
	protowire.AppendVarint(b[:start-1], uint64(size)) //nolint:gosec // not negative
	return b
}

// Scalars with their default value are left out, as in proto3. Inside AnyValue, which is a
// oneof, they are not: the appendAny functions are for that.

func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendAnyVarint(b, field, v)
}

func appendFixed64(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendAnyFixed64(b, field, v)
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return appendAnyString(b, field, s)
}

func appendAnyVarint(b []byte, field protowire.Number, v uint64) []byte {
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return protowire.AppendVarint(b, v)
}

func appendAnyFixed64(b []byte, field protowire.Number, v uint64) []byte {
	b = protowire.AppendTag(b, field, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, v)
}

// appendAnyString makes s valid UTF-8 first: a single bad byte, as in the message of a
// terminated container, would make receivers refuse the whole request.
func appendAnyString(b []byte, field protowire.Number, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendString(b, s)
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendBytes(b, v)
}

func appendKeyValues(b []byte, field protowire.Number, kvs []attribute.KeyValue) []byte {
	for i := range kvs {
		b = appendKeyValue(b, field, &kvs[i])
	}
	return b
}

func appendKeyValue(b []byte, field protowire.Number, kv *attribute.KeyValue) []byte {
	b, start := begin(b, field)
	b = appendString(b, keyValueKey, string(kv.Key))
	b = appendValue(b, keyValueValue, kv.Value)
	return end(b, start)
}

// appendAttribute is appendKeyValue for attributes of an [Emitter], which are valid.
func appendAttribute(b []byte, field protowire.Number, kv *attribute.KeyValue) []byte {
	if kv.Value.Type() != attribute.STRING || kv.Key == "" {
		return appendKeyValue(b, field, kv)
	}
	key, value := string(kv.Key), kv.Value.AsString()
	if len(key)+len(value) > maxShort {
		return appendKeyValue(b, field, kv)
	}
	return appendShort(b, field, key, value)
}

// maxShort is the greatest length of key and value for which all lengths in their message
// have one byte.
const maxShort = 0x7f - 3*emptyMessage

// appendShort is appendKeyValue for nearly all attributes, in a third of the time.
func appendShort(b []byte, field protowire.Number, key, value string) []byte {
	keySize, valueSize := byte(len(key)), byte(len(value)) //nolint:gosec // as maxShort has it
	b = append(b, tag(field), keySize+valueSize+3*emptyMessage)
	b = append(b, tag(keyValueKey), keySize)
	b = append(b, key...)
	b = append(b, tag(keyValueValue), valueSize+emptyMessage, tag(anyString), valueSize)
	return append(b, value...)
}

// tag returns the tag of a field of bytes with a number below 16.
func tag(field protowire.Number) byte {
	return byte(field<<3) | byte(protowire.BytesType) //nolint:gosec // all are below 16
}

// appendValue appends v as an AnyValue, even if v is empty.
func appendValue(b []byte, field protowire.Number, v attribute.Value) []byte {
	b, start := begin(b, field)
	switch v.Type() {
	case attribute.EMPTY:
	case attribute.STRING:
		b = appendAnyString(b, anyString, v.AsString())
	case attribute.BOOL:
		b = appendAnyVarint(b, anyBool, protowire.EncodeBool(v.AsBool()))
	case attribute.INT64:
		b = appendAnyVarint(b, anyInt, uint64(v.AsInt64())) //nolint:gosec // int64 is its two's complement on the wire
	case attribute.FLOAT64:
		b = appendAnyFixed64(b, anyDouble, math.Float64bits(v.AsFloat64()))
	case attribute.BYTESLICE:
		b = appendBytes(b, anyBytes, v.AsByteSlice())
	case attribute.MAP:
		var inner int
		b, inner = begin(b, anyMap)
		b = appendKeyValues(b, mapValues, v.AsMap())
		b = end(b, inner)
	default:
		b = appendArray(b, v)
	}
	return end(b, start)
}

func appendArray(b []byte, v attribute.Value) []byte {
	b, start := begin(b, anyArray)
	switch v.Type() {
	case attribute.SLICE:
		b = appendElements(b, v.AsSlice(), func(v attribute.Value) attribute.Value { return v })
	case attribute.STRINGSLICE:
		b = appendElements(b, v.AsStringSlice(), attribute.StringValue)
	case attribute.BOOLSLICE:
		b = appendElements(b, v.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		b = appendElements(b, v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		b = appendElements(b, v.AsFloat64Slice(), attribute.Float64Value)
	}
	return end(b, start)
}

func appendElements[T any](b []byte, elements []T, value func(T) attribute.Value) []byte {
	for _, e := range elements {
		b = appendValue(b, arrayValues, value(e))
	}
	return b
}
