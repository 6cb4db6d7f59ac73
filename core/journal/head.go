package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// head describes the whole journal, and is stored with every transaction.
type head struct {
	seq       uint64 // number of the last record
	end       uint64 // position of the next chunk, of all signals
	stdoutEnd uint64 // position of the next part of lines
	committed int64  // the last group, in Unix nanoseconds
	drop      Drop   // Logs that were dropped and not announced
	totals    Totals
	signals   []SinkTotals // by the index of the outbox
}

const (
	logsFormat    = 1 // a program that reads it has no other signals than Logs
	signalsFormat = 2
	newestFormat  = signalsFormat
)

// storedHead is the fixed part of the encoded head. In the first format it is all of it.
type storedHead struct {
	Seq, End, StdoutEnd uint64
	Skip                uint64 // number of records of the first chunk of Logs that have left
	Committed           int64
	Drop                Drop
	Totals              Totals
	Logs                SinkTotals
}

// storedSignal follows for every other signal that was ever committed, after the length of its name and the name.
type storedSignal struct {
	Skip   uint64 // number of records of its first chunk that have left
	Totals SinkTotals
}

// encode encodes h, and returns the format that a program must be able to read. As long as a journal has only had
// Logs, that is the first.
func (h *head) encode(outboxes []*Outbox) (b []byte, format uint32) {
	b = appendNumbers(make([]byte, 0, 512), storedHead{
		Seq: h.seq, End: h.end, StdoutEnd: h.stdoutEnd, Skip: outboxes[0].skip(), Committed: h.committed,
		Drop: h.drop, Totals: h.totals, Logs: h.signals[0],
	})
	format = logsFormat
	for i, o := range outboxes[1:] {
		if t := h.signals[i+1]; t.Committed > 0 {
			b = binary.LittleEndian.AppendUint16(b, uint16(len(o.signal))) //nolint:gosec // checked by Commit
			b = append(b, o.signal...)
			b = appendNumbers(b, storedSignal{o.skip(), t})
			format = signalsFormat
		}
	}
	return b, format
}

// skip returns the number of records of the first chunk that have left.
func (o *Outbox) skip() uint64 {
	if o.queue.len() == 0 {
		return 0
	}
	return uint64(o.queue.front().skip)
}

func appendNumbers(b []byte, v any) []byte {
	b, err := binary.Append(b, binary.LittleEndian, v)
	if err != nil {
		panic(err) // it consists of numbers
	}
	return b
}

// namedSignal is what the head contains of a signal.
type namedSignal struct {
	signal Signal
	storedSignal
}

// decodeHead is the reverse of encode. The signals are Logs and those that follow.
func decodeHead(b []byte) (s storedHead, signals []namedSignal, err error) {
	n, err := binary.Decode(b, binary.LittleEndian, &s)
	if err != nil {
		return s, nil, fmt.Errorf("head: %w", err)
	}
	signals = []namedSignal{{Logs, storedSignal{s.Skip, s.Logs}}}
	for b = b[n:]; len(b) > 0; b = b[n:] {
		var next namedSignal
		if next.signal, b, err = decodeName(b); err != nil {
			return s, nil, err
		}
		if n, err = binary.Decode(b, binary.LittleEndian, &next.storedSignal); err != nil {
			return s, nil, fmt.Errorf("head of signal %q: %w", next.signal, err)
		}
		signals = append(signals, next)
	}
	return s, signals, nil
}

func decodeName(b []byte) (name Signal, rest []byte, err error) {
	if len(b) >= 2 {
		if end := 2 + int(binary.LittleEndian.Uint16(b)); end <= len(b) {
			return Signal(b[2:end]), b[end:], nil
		}
	}
	return "", nil, errors.New("head: cut off within the name of a signal")
}
