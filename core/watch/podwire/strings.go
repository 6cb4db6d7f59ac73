package podwire

import "hash/maphash"

const (
	// pairs bounds the strings that are remembered, two for each. More than that at
	// a time cost memory anew when they come.
	pairs = 2048
	// maxShared is the length of the longest of them.
	maxShared = 256
)

// shared remembers strings that come again and again: label keys and values,
// images, nodes, reasons. Each has its pair of places, where the two stay that
// came last.
type shared struct {
	seed  maphash.Seed
	pairs [pairs][2]string
}

func (s *shared) string(b []byte) string {
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
