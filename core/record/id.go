package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ID identifies a record: two records with the same ID are the same record,
// sent twice.
type ID [16]byte

// String returns the ID as 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// In returns the ID that the record has where it was found by comparing with the
// list of this number. A state can be told again that was told before, where etcd
// was restored from a backup, or for some time another selector held: that is
// another record.
func (id ID) In(list uint64) ID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(id[:], list))
	return ID(sum[:16])
}

// NewID derives the ID of a record from the name of its cluster, what happened
// to which pod in which version, and the position of the record among those of
// one event. container is empty for records about the pod as a whole. The
// derivation is part of the product's contract: records written by one version
// are recognised by the next.
func NewID(cluster, podUID, resourceVersion string, action Action, container string, position int) ID {
	var scratch [256]byte
	b := scratch[:0]
	for _, s := range [...]string{cluster, podUID, resourceVersion, action.String(), container} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(position)) //nolint:gosec // a position is never negative
	sum := sha256.Sum256(b)
	return ID(sum[:16])
}
