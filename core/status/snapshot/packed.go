package snapshot

import (
	"encoding/binary"
	"slices"
)

// packed contains the states of a pod's containers in one piece of memory without
// pointers, because each garbage collection follows each pointer of each pod. The
// state of a container that was never restarted takes its name and six bytes.
type packed string

// enough is a number of containers that most pods do not exceed. Arrays of this
// length avoid allocations.
const enough = 8

// pack returns the packed states, which often are those before.
func pack(before packed, containers []containerState) packed {
	var room [256]byte
	b := room[:0]
	for i := range containers {
		b = containers[i].pack(b)
	}
	if string(b) == string(before) {
		return before
	}
	return packed(b)
}

func (s *containerState) pack(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.name)))
	b = append(b, s.name...)
	bits := byte(s.kind)
	if s.ready {
		bits |= readyBit
	}
	if s.devices != "" {
		bits |= devicesBit
	}
	b = append(b, bits)
	b = binary.AppendVarint(b, int64(s.restarts))
	b = binary.AppendVarint(b, int64(s.restarts)-int64(s.ended))
	b = binary.AppendUvarint(b, s.detail)
	b = binary.AppendUvarint(b, s.terminated)
	if s.devices != "" {
		b = binary.AppendUvarint(b, uint64(len(s.devices)))
		b = append(b, s.devices...)
	}
	return b
}

// Bits in the byte of a container's kind.
const (
	readyBit   = 1 << 7 // the container is ready
	devicesBit = 1 << 6 // the container has devices, which follow its other fields
)

// unpack appends the states to containers.
func (p packed) unpack(containers []containerState) []containerState {
	for p != "" {
		var s containerState
		n := p.uvarint()
		s.name, p = string(p[:n]), p[n:]
		bits := p[0]
		s.kind, s.ready = kind(bits&^(readyBit|devicesBit)), bits&readyBit != 0
		p = p[1:]
		s.restarts = int32(p.varint())                  //nolint:gosec // was one
		s.ended = int32(int64(s.restarts) - p.varint()) //nolint:gosec // likewise
		s.detail = p.uvarint()
		s.terminated = p.uvarint()
		if bits&devicesBit != 0 {
			n := p.uvarint()
			s.devices, p = devices(p[:n]), p[n:]
		}
		containers = append(containers, s)
	}
	return containers
}

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

// named returns the state of the container with this name or nil. at is its usual
// index.
func named(containers []containerState, name string, at int) *containerState {
	if at < len(containers) && containers[at].name == name {
		return &containers[at]
	}
	i := slices.IndexFunc(containers, func(s containerState) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return &containers[i]
}
