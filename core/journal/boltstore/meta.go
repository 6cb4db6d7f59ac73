package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

// The file has one bucket for each bucket of the journal, and one that describes the file:
//
//	meta         "format"      magic, version, checksum: the same in every version
//	             "meta"        generation, digest and number of entries, the journal's head, checksum
//	with small   key           value
//	with large   key ► "v"     value: it has a bucket of its own, so that adding and removing one doesn't copy
//	                           its neighbours
//
// Numbers are little-endian.
const (
	bucketMeta = "meta"
	keyFormat  = "format"
	keyMeta    = "meta"
	keyValue   = "v"

	magic = "pod-status-logger journal\n"

	firstFormat = 1
	metaLength  = 24 // without head and checksum
)

// meta is what a transaction writes about the whole file.
type meta struct {
	Generation uint64 // number of transactions
	ledger     ledger // of all entries but those of the bucket meta
	head       []byte // the journal's own
}

func (m *meta) encode() []byte {
	b := make([]byte, 0, metaLength+len(m.head)+8)
	for _, n := range []uint64{m.Generation, m.ledger.digest, m.ledger.entries} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return withChecksum(append(b, m.head...))
}

// decode keeps no part of b.
func (m *meta) decode(b []byte) error {
	body, err := checked(b)
	if err == nil && len(body) < metaLength {
		err = errors.New("meta: too short")
	}
	if err != nil {
		return err
	}
	m.Generation = binary.LittleEndian.Uint64(body)
	m.ledger = ledger{binary.LittleEndian.Uint64(body[8:]), binary.LittleEndian.Uint64(body[16:])}
	m.head = bytes.Clone(body[metaLength:])
	return nil
}

func (m *meta) equal(n *meta) bool {
	return m.Generation == n.Generation && m.ledger == n.ledger && bytes.Equal(m.head, n.head)
}

func withChecksum(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// checked cuts off a checksum, which must be right.
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
	return withChecksum(binary.LittleEndian.AppendUint32([]byte(magic), version))
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
