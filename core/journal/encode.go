package journal

import (
	"encoding/binary"
	"fmt"
)

// The layout of the store: buckets, what their keys are, and what their values are. Numbers are little-endian in
// values and big-endian in keys, whose order counts.
//
//	head                                  head.go
//	state          the caller's      ►    the caller's
//	lines          position          ►    lines for stdout, large
//	outbox         position          ►    chunk of Logs, large
//	outbox/SIGNAL  position          ►    chunk of another signal, large
//	dead           number of record  ►    dead letter of Logs
//	dead/SIGNAL    number of record  ►    dead letter of another signal
const (
	bucketState  = "state"
	bucketOutbox = "outbox"
	bucketStdout = "lines"
	bucketDead   = "dead"
)

func number(n uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return string(b[:])
}

func parseNumber(key string) (uint64, error) {
	if len(key) != 8 {
		return 0, fmt.Errorf("key of %d bytes", len(key))
	}
	return binary.BigEndian.Uint64([]byte(key)), nil
}

// chunkHead is the number of bytes before the lengths of a chunk.
const chunkHead = 8 + 8 + 4

// encodedBytes is the length of an encoded chunk.
func (c *chunk) encodedBytes() int { return chunkHead + 4*int(c.count) + int(c.bytes) }

// appendChunk encodes a chunk: what describes it, the lengths of the records, and the records.
func appendChunk(b []byte, c *addedChunk) []byte {
	b = binary.LittleEndian.AppendUint64(b, c.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.at)) //nolint:gosec // back and forth
	b = binary.LittleEndian.AppendUint32(b, c.count)
	for _, r := range c.records {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(r))) //nolint:gosec // no value may be larger
	}
	for _, r := range c.records {
		b = append(b, r...)
	}
	return b
}

// decodeChunk is the reverse of appendChunk. The records are parts of b.
func decodeChunk(pos uint64, b []byte) (c chunk, records [][]byte, err error) {
	bad := fmt.Errorf("chunk %d: %d bytes don't fit together", pos, len(b))
	if len(b) < chunkHead {
		return c, nil, bad
	}
	c = chunk{
		pos: pos, seq: binary.LittleEndian.Uint64(b),
		at:    int64(binary.LittleEndian.Uint64(b[8:])), //nolint:gosec // back and forth
		count: binary.LittleEndian.Uint32(b[16:]),
	}
	if c.count == 0 || int64(c.count) > int64(len(b)-chunkHead)/4 {
		return c, nil, bad
	}
	lengths, data := b[chunkHead:chunkHead+4*int(c.count)], b[chunkHead+4*int(c.count):]
	c.bytes = int64(len(data))
	records = make([][]byte, c.count)
	for i := range records {
		n := int(binary.LittleEndian.Uint32(lengths[4*i:]))
		if n > len(data) {
			return c, nil, bad
		}
		records[i], data = data[:n:n], data[n:]
	}
	if len(data) > 0 {
		return c, nil, bad
	}
	return c, records, nil
}

func (d *DeadLetter) encode() []byte {
	b := make([]byte, 0, 12+len(d.Reason)+len(d.Record))
	b = binary.LittleEndian.AppendUint64(b, uint64(d.At.UnixNano()))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.Reason))) //nolint:gosec // a few words
	b = append(b, d.Reason...)
	return append(b, d.Record...)
}

// decodeDeadLetter is the reverse of encode. The record is a part of b.
func decodeDeadLetter(key string, b []byte) (d DeadLetter, err error) {
	if d.Seq, err = parseNumber(key); err != nil {
		return d, fmt.Errorf("dead letter: %w", err)
	}
	if len(b) < 12 || int64(binary.LittleEndian.Uint32(b[8:])) > int64(len(b)-12) {
		return d, fmt.Errorf("dead letter %d: %d bytes don't fit together", d.Seq, len(b))
	}
	n := int(binary.LittleEndian.Uint32(b[8:]))
	d.At = moment(int64(binary.LittleEndian.Uint64(b))) //nolint:gosec // back and forth
	d.Reason, d.Record = string(b[12:12+n]), b[12+n:]
	return d, nil
}
