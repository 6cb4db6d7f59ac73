package wire

import "hash/maphash"

const (
	// pairs bounds the strings in the table, two per pair. With more in use at a time,
	// some of them are allocated again.
	pairs = 2048
	// maxShared is the length of the longest string in the table.
	maxShared = 256
)

// Strings returns strings that many objects have in common, such as label keys,
// images, nodes and reasons, without allocating each of them again. It is a table of
// fixed size: each string has its pair of places, which hold the two most recent
// ones. Not safe for concurrent use. Make one with [NewStrings].
type Strings struct {
	seed  maphash.Seed
	pairs [pairs][2]string
}

// NewStrings returns an empty table.
func NewStrings() *Strings { return &Strings{seed: maphash.MakeSeed()} }

// Intern returns b as a string, which shares no memory with b.
func (s *Strings) Intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxShared {
		return string(b)
	}
	pair := &s.pairs[maphash.Bytes(s.seed, b)%pairs]
	if pair[0] == string(b) {
		return pair[0]
	}
	if pair[1] == string(b) {
		pair[0], pair[1] = pair[1], pair[0]
	} else {
		pair[0], pair[1] = string(b), pair[0]
	}
	return pair[0]
}
