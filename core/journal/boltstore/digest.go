package boltstore

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// The digest of a file is the XOR of the sums of all its entries. Every transaction stores it: bbolt has no checksums
// of its own, and would accept pages of another transaction. The bucket is part of the sum, so that no entry can
// stand in the place of another.

// sumOf hashes an entry.
func sumOf(bucket, key string, value []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	var lengths [8]byte
	binary.LittleEndian.PutUint32(lengths[:], uint32(len(bucket))) //nolint:gosec // short
	binary.LittleEndian.PutUint32(lengths[4:], uint32(len(key)))   //nolint:gosec // short
	_, _ = d.Write(lengths[:])
	_, _ = d.WriteString(bucket)
	_, _ = d.WriteString(key)
	_, _ = d.Write(value)
	return d.Sum64()
}

// ledger is the digest and the number of entries while they change.
type ledger struct{ digest, entries uint64 }

func (l *ledger) add(sum uint64)    { l.digest ^= sum; l.entries++ }
func (l *ledger) remove(sum uint64) { l.digest ^= sum; l.entries-- }
