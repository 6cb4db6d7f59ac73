package wire

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reader iterates over the fields of a message:
//
//	r := wire.NewReader(message)
//	for r.Next() {
//		switch r.Field {
//		case fieldName:
//			name = string(r.Bytes())
//		}
//	}
//	ok := r.OK()
//
// A field that is of another type than the caller reads makes the message invalid,
// as damaged bytes do.
type Reader struct {
	// Field is the number of the present field.
	Field protowire.Number

	rest   []byte
	typ    protowire.Type
	number uint64 // if typ is VarintType
	data   []byte // if typ is BytesType; shares the message's memory
	bad    bool
}

// NewReader returns a reader before the first field of the message.
func NewReader(message []byte) Reader { return Reader{rest: message} }

// OK reports whether all that was read so far is valid.
func (r *Reader) OK() bool { return !r.bad }

// Require makes the message invalid unless ok, the result of reading a message
// within it.
func (r *Reader) Require(ok bool) { r.bad = r.bad || !ok }

// Next moves to the next field. It returns false at the end and once the message is
// invalid.
func (r *Reader) Next() bool {
	if r.bad {
		return false
	}
	// Most fields have a low number, and at most 127 bytes or a small number. Reading
	// these here saves a third of a pod's time.
	if b := r.rest; len(b) >= 2 && b[0] >= 1<<3 && (b[0]|b[1])&0x80 == 0 {
		r.Field, r.typ = protowire.Number(b[0]>>3), protowire.Type(b[0]&7)
		switch end := 2 + int(b[1]); {
		case r.typ == protowire.BytesType && end <= len(b):
			r.data, r.rest = b[2:end], b[end:]
			return true
		case r.typ == protowire.VarintType:
			r.number, r.rest = uint64(b[1]), b[2:]
			return true
		}
	}
	return len(r.rest) > 0 && r.nextAny()
}

// nextAny reads a field of any type and size.
func (r *Reader) nextAny() bool {
	field, typ, n := protowire.ConsumeTag(r.rest)
	if n < 0 {
		return r.fail()
	}
	r.Field, r.typ, r.rest = field, typ, r.rest[n:]
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

func (r *Reader) fail() bool {
	r.bad = true
	return false
}

// Bytes returns the value of a string or of a message within. It shares the
// message's memory.
func (r *Reader) Bytes() []byte {
	if r.typ != protowire.BytesType {
		r.bad = true
		return nil
	}
	return r.data
}

// Varint returns the value of a number or a boolean. A negative int32 comes as ten
// bytes, of which the lower four count.
func (r *Reader) Varint() uint64 {
	if r.typ != protowire.VarintType {
		r.bad = true
		return 0
	}
	return r.number
}

// Fields of a meta.v1.Time.
const (
	timeSeconds = 1
	timeNanos   = 2
)

// Time reads a [metav1.Time], of which Kubernetes uses the seconds only.
func Time(message []byte, t *metav1.Time) (ok bool) {
	seconds, _, ok := timestamp(message)
	*t = metav1.Time{}
	if len(message) > 0 {
		*t = metav1.Unix(seconds, 0)
	}
	return ok
}

// MicroTime reads a [metav1.MicroTime].
func MicroTime(message []byte, t *metav1.MicroTime) (ok bool) {
	seconds, nanos, ok := timestamp(message)
	*t = metav1.MicroTime{}
	if len(message) > 0 {
		t.Time = time.Unix(seconds, int64(time.Duration(nanos).Truncate(time.Microsecond)))
	}
	return ok
}

func timestamp(message []byte) (seconds int64, nanos int32, ok bool) {
	r := NewReader(message)
	for r.Next() {
		switch r.Field {
		case timeSeconds:
			seconds = int64(r.Varint()) //nolint:gosec // that is how it is encoded
		case timeNanos:
			nanos = int32(r.Varint()) //nolint:gosec // likewise
		}
	}
	return seconds, nanos, r.OK()
}
