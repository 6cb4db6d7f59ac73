package snapshot

import "encoding/binary"

// Containers are the states of a pod's containers in one piece of memory without
// pointers, because each garbage collection follows each pointer of each pod. The
// state of a container that was never restarted takes its name and six bytes.
type Containers string

// enough is a number of containers that most pods do not exceed. Arrays of this
// length avoid allocations.
const enough = 8

// Pack returns the states of the containers in one piece, which often is the one before.
func Pack(before Containers, list []Container) Containers {
	var room [256]byte
	b := room[:0]
	for i := range list {
		b = list[i].pack(b)
	}
	if string(b) == string(before) {
		return before
	}
	return Containers(b)
}

func (s *Container) pack(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.Name)))
	b = append(b, s.Name...)
	bits := byte(s.Kind)
	if s.Ready {
		bits |= readyBit
	}
	if s.Devices != "" {
		bits |= devicesBit
	}
	b = append(b, bits)
	b = binary.AppendVarint(b, int64(s.Restarts))
	b = binary.AppendVarint(b, int64(s.Restarts)-int64(s.Ended))
	b = binary.AppendUvarint(b, s.Detail)
	b = binary.AppendUvarint(b, s.Terminated)
	if s.Devices != "" {
		b = binary.AppendUvarint(b, uint64(len(s.Devices)))
		b = append(b, s.Devices...)
	}
	return b
}

// Bits in the byte of a container's kind.
const (
	readyBit   = 1 << 7 // the container is ready
	devicesBit = 1 << 6 // the container has devices, which follow its other fields
)

// Unpack appends the states to list.
func (c Containers) Unpack(list []Container) []Container {
	for p := packed(c); p != ""; {
		var s Container
		n := p.uvarint()
		s.Name, p = string(p[:n]), p[n:]
		bits := p[0]
		s.Kind, s.Ready = Kind(bits&^(readyBit|devicesBit)), bits&readyBit != 0
		p = p[1:]
		s.Restarts = int32(p.varint())                  //nolint:gosec // was one
		s.Ended = int32(int64(s.Restarts) - p.varint()) //nolint:gosec // likewise
		s.Detail = p.uvarint()
		s.Terminated = p.uvarint()
		if bits&devicesBit != 0 {
			n := p.uvarint()
			s.Devices, p = Devices(p[:n]), p[n:]
		}
		list = append(list, s)
	}
	return list
}

// packed is a string that contains numbers, as they are written by package binary.
type packed string

// uvarint removes a number from the front of p and returns it.
func (p *packed) uvarint() (n uint64) {
	for shift := 0; ; shift += 7 {
		c := (*p)[0]
		*p = (*p)[1:]
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
}

func (p *packed) varint() int64 {
	n := p.uvarint()
	return int64(n>>1) ^ -int64(n&1) // zigzag
}
