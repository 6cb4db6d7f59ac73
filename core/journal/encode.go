package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// The layout of the file: buckets, what their keys are, and what the values are.
// Numbers are little-endian in values and big-endian in keys, whose order counts.
//
//	meta     "format"          magic, version, checksum: the same in every version
//	         "meta"            meta, checksum
//	state    the caller's      the caller's
//	outbox   position ► "v"    chunk: a bucket of its own, so that adding and
//	lines    position ► "v"    removing one doesn't copy its neighbours
//	dead     number of record  dead letter
const (
	bucketMeta   = "meta"
	bucketState  = "state"
	bucketOutbox = "outbox"
	bucketLines  = "lines"
	bucketDead   = "dead"

	keyFormat = "format"
	keyMeta   = "meta"
	keyValue  = "v"

	magic         = "pod-status-logger journal\n"
	formatVersion = 1

	maxKey = 32 << 10 // of bbolt
)

// meta is what a transaction says of the whole journal.
type meta struct {
	Generation uint64 // number of transactions
	Digest     uint64 // of all entries but those of the bucket meta, see digest.go
	Entries    uint64 // their number
	Seq        uint64
	End        uint64 // position of the next chunk
	Lines      uint64 // position of the next part of lines
	Skip       uint64 // how many records of the first chunk have left
	Committed  int64
	Drop       Drop
	Totals     Totals
}

func (m *meta) encode() []byte {
	b, err := binary.Append(nil, binary.LittleEndian, m)
	if err != nil {
		panic(err) // it is made of numbers
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

func (m *meta) decode(b []byte) error {
	body, err := checked(b)
	if err != nil {
		return err
	}
	n, err := binary.Decode(body, binary.LittleEndian, m)
	if err == nil && n != len(body) {
		err = fmt.Errorf("%d bytes instead of %d", len(body), n)
	}
	return err
}

// checked cuts a checksum off that must be right.
func checked(b []byte) ([]byte, error) {
	if len(b) < 8 {
		return nil, errors.New("checksum is missing")
	}
	body := b[:len(b)-8]
	if binary.LittleEndian.Uint64(b[len(b)-8:]) != xxhash.Sum64(body) {
		return nil, errors.New("checksum is wrong")
	}
	return body, nil
}

func encodeFormat(version uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(magic), version)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

func decodeFormat(b []byte) (version uint32, err error) {
	body, err := checked(b)
	if err != nil {
		return 0, err
	}
	rest, ok := bytes.CutPrefix(body, []byte(magic))
	if !ok || len(rest) != 4 {
		return 0, errors.New("magic is wrong")
	}
	return binary.LittleEndian.Uint32(rest), nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// chunkHead is the length of what stands before the lengths of a chunk.
const chunkHead = 8 + 8 + 4

// appendChunk encodes a chunk: what is known of it, the records' lengths, and
// the records.
func appendChunk(b []byte, c chunk, records [][]byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, c.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.at)) //nolint:gosec // back and forth
	b = binary.LittleEndian.AppendUint32(b, c.count)
	for _, r := range records {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(r))) //nolint:gosec // bbolt takes no more
	}
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

// decodeChunk is appendChunk's reverse. The records are parts of b.
func decodeChunk(pos uint64, b []byte) (chunk, [][]byte, error) {
	bad := fmt.Errorf("chunk %d: %d bytes don't fit together", pos, len(b))
	if len(b) < chunkHead {
		return chunk{}, nil, bad
	}
	c := chunk{
		pos: pos, seq: binary.LittleEndian.Uint64(b),
		at:    int64(binary.LittleEndian.Uint64(b[8:])), //nolint:gosec // back and forth
		count: binary.LittleEndian.Uint32(b[16:]),
	}
	if c.count == 0 || int64(c.count) > int64(len(b)-chunkHead)/4 {
		return chunk{}, nil, bad
	}
	lengths, data := b[chunkHead:chunkHead+4*int(c.count)], b[chunkHead+4*int(c.count):]
	c.bytes = int64(len(data))
	records := make([][]byte, c.count)
	for i := range records {
		n := int(binary.LittleEndian.Uint32(lengths[4*i:]))
		if n > len(data) {
			return chunk{}, nil, bad
		}
		records[i], data = data[:n:n], data[n:]
	}
	if len(data) > 0 {
		return chunk{}, nil, bad
	}
	return c, records, nil
}

func (d *DeadLetter) encode() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(d.At.UnixNano()))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.Reason))) //nolint:gosec // a few words
	b = append(b, d.Reason...)
	return append(b, d.Record...)
}

func decodeLetter(key, b []byte) (DeadLetter, error) {
	if len(key) != 8 || len(b) < 12 || int64(binary.LittleEndian.Uint32(b[8:])) > int64(len(b)-12) {
		return DeadLetter{}, fmt.Errorf("dead letter %x: %d bytes don't fit together", key, len(b))
	}
	n := int(binary.LittleEndian.Uint32(b[8:]))
	return DeadLetter{
		Seq:    binary.BigEndian.Uint64(key),
		At:     moment(int64(binary.LittleEndian.Uint64(b))), //nolint:gosec // back and forth
		Reason: string(b[12 : 12+n]),
		Record: b[12+n:],
	}, nil
}
