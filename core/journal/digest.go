package journal

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// The digest of a journal is the XOR of the hashes of all its entries, kept with
// every transaction: bbolt has no checksums of its own, and would take pages of
// another transaction, or none, for those that it wrote. A bucket, key and value
// make one entry, so that no entry can stand where another belongs.

// entryHash is the hash of an entry.
func entryHash(bucket string, key, value []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	var lengths [8]byte
	binary.LittleEndian.PutUint32(lengths[:], uint32(len(bucket))) //nolint:gosec // short
	binary.LittleEndian.PutUint32(lengths[4:], uint32(len(key)))   //nolint:gosec // short
	_, _ = d.Write(lengths[:])
	_, _ = d.WriteString(bucket)
	_, _ = d.Write(key)
	_, _ = d.Write(value)
	return d.Sum64()
}

// ledger is digest and number of entries while they change.
type ledger struct{ digest, entries uint64 }

func (l *ledger) add(hash uint64)    { l.digest ^= hash; l.entries++ }
func (l *ledger) remove(hash uint64) { l.digest ^= hash; l.entries-- }
