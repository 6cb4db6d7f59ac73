package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ID identifies a record. Two records with the same ID are duplicates.
type ID [16]byte

// String returns the ID as 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// In returns the ID of the record if comparison with the list of this number found
// it. A pod can return to an earlier version, for example when etcd is restored from
// a backup or another selector was in use for a while. The record of that is not a
// duplicate of the earlier one.
func (id ID) In(list uint64) ID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(id[:], list))
	return ID(sum[:16])
}

// NewID derives the ID of a record from its cluster, the pod's UID and
// resourceVersion, the action, the container and the position of the record among
// those of one event. container is empty for records about the pod as a whole. The
// derivation is part of the product's contract: a new version of the program derives
// the same IDs.
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
