package podwire

import "google.golang.org/protobuf/encoding/protowire"

// reader walks over the fields of a message.
type reader struct {
	rest   []byte
	field  protowire.Number
	typ    protowire.Type
	number uint64 // where typ is a varint
	data   []byte // where typ is bytes; shares the message's memory
	bad    bool   // what came is not what was to come
}

// next goes on to the next field. False is the end, or r.bad.
func (r *reader) next() bool {
	if r.bad {
		return false
	}
	// Most of the fields have a low number and at most 127 bytes, or a small number:
	// a third of the time of a pod is saved by reading them here.
	if b := r.rest; len(b) >= 2 && b[0] >= 1<<3 && (b[0]|b[1])&0x80 == 0 {
		r.field, r.typ = protowire.Number(b[0]>>3), protowire.Type(b[0]&7)
		switch end := 2 + int(b[1]); {
		case r.typ == protowire.BytesType && end <= len(b):
			r.data, r.rest = b[2:end], b[end:]
			return true
		case r.typ == protowire.VarintType:
			r.number, r.rest = uint64(b[1]), b[2:]
			return true
		}
	}
	return len(r.rest) > 0 && r.long()
}

// long reads a field of any kind.
func (r *reader) long() bool {
	field, typ, n := protowire.ConsumeTag(r.rest)
	if n < 0 {
		return r.fail()
	}
	r.field, r.typ, r.rest = field, typ, r.rest[n:]
	switch typ {
	case protowire.VarintType:
		r.number, n = protowire.ConsumeVarint(r.rest)
	case protowire.BytesType:
		r.data, n = protowire.ConsumeBytes(r.rest)
	default:
		n = protowire.ConsumeFieldValue(field, typ, r.rest)
	}
	if n < 0 {
		return r.fail()
	}
	r.rest = r.rest[n:]
	return true
}

func (r *reader) fail() bool {
	r.bad = true
	return false
}

// bytes returns a field of bytes: a string or a message.
func (r *reader) bytes() []byte {
	if r.typ != protowire.BytesType {
		r.bad = true
		return nil
	}
	return r.data
}

// varint returns a number or a boolean. A negative int32 comes as ten bytes, of
// which the lower four count.
func (r *reader) varint() uint64 {
	if r.typ != protowire.VarintType {
		r.bad = true
		return 0
	}
	return r.number
}

// must notes whether a message within was in order.
func (r *reader) must(ok bool) { r.bad = r.bad || !ok }
