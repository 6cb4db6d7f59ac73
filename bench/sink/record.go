package sink

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of OTLP messages on the way to a record and its seq.
const (
	resourceLogs = 1 // of ExportLogsServiceRequest
	scopeLogs    = 2 // of ResourceLogs
	logRecords   = 2 // of ScopeLogs
	attributes   = 6 // of LogRecord
	attributeKey = 1 // of KeyValue
	attribute    = 2
	intValue     = 3 // of AnyValue
)

// EachRecord calls f with each encoded log record of an encoded request.
func EachRecord(request []byte, f func(record []byte)) error {
	return each(request, resourceLogs, func(logs []byte) error {
		return each(logs, scopeLogs, func(scope []byte) error {
			return each(scope, logRecords, func(record []byte) error {
				f(record)
				return nil
			})
		})
	})
}

// each calls f with each message in the field of a message.
func each(message []byte, field protowire.Number, f func(value []byte) error) error {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("read tag: %w", protowire.ParseError(n))
		}
		message = message[n:]
		if num == field && typ == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			if n < 0 {
				return fmt.Errorf("read field %d: %w", num, protowire.ParseError(n))
			}
			if err := f(value); err != nil {
				return err
			}
			message = message[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(num, typ, message); n < 0 {
			return fmt.Errorf("skip field %d: %w", num, protowire.ParseError(n))
		}
		message = message[n:]
	}
	return nil
}

// seqOf returns the number that pod-status-logger gives each record; 0: none.
func seqOf(record []byte) (seq int) {
	_ = each(record, attributes, func(kv []byte) error { // a record that was read before
		_ = each(kv, attributeKey, func(key []byte) error {
			if string(key) == "podstatus.seq" {
				seq = intOf(kv)
			}
			return nil
		})
		return nil
	})
	return seq
}

func intOf(kv []byte) (value int) {
	_ = each(kv, attribute, func(v []byte) error {
		num, typ, n := protowire.ConsumeTag(v)
		if n > 0 && num == intValue && typ == protowire.VarintType {
			if i, n := protowire.ConsumeVarint(v[n:]); n > 0 {
				value = int(i)
			}
		}
		return nil
	})
	return value
}
