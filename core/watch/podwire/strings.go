package podwire

import "hash/maphash"

const (
	// slots bounds the strings that are remembered; more than that at a time cost
	// memory anew each time that they come.
	slots = 4096
	// maxShared is the length of the longest of them.
	maxShared = 256
)

// shared remembers strings that come again and again: label keys and values,
// images, nodes, reasons. Each has one place, where the last of those that would
// be there stays.
type shared struct {
	seed  maphash.Seed
	slots [slots]string
}

func (s *shared) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxShared {
		return string(b)
	}
	slot := &s.slots[maphash.Bytes(s.seed, b)%slots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
