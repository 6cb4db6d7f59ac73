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
	if r.bad || len(r.rest) == 0 {
		return false
	}
	if r.short() {
		return true
	}
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

// short is next for most of the fields, those with a low number and at most 127
// bytes: a third of the time of a pod is saved by that.
func (r *reader) short() bool {
	b := r.rest
	if len(b) < 2 || b[0]&7 != byte(protowire.BytesType) || b[0] < 1<<3 || (b[0]|b[1])&0x80 != 0 || int(b[1]) > len(b)-2 {
		return false
	}
	end := 2 + int(b[1])
	r.field, r.typ, r.data, r.rest = protowire.Number(b[0]>>3), protowire.BytesType, b[2:end], b[end:]
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
