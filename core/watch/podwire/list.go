package podwire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxObject is the size of the largest object that is read, that of client-go.
const maxObject = 16 << 20

// ErrNoList says that what is read is no PodList in protobuf, or is so in a way
// that needs another look. Nothing of it was consumed.
var ErrNoList = errors.New("no pod list in protobuf")

// List reads a list of pods from a connection, one pod at a time.
type List struct {
	// ResourceVersion and Continue are complete once Next has returned io.EOF.
	ResourceVersion, Continue string

	within *io.LimitedReader
	in     *bufio.Reader // of within
	item   []byte
}

// NewList begins to read a list, or returns [ErrNoList].
func NewList(body *bufio.Reader) (*List, error) {
	head, err := body.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	begin, size, ok := listHead(head)
	if !ok {
		return nil, ErrNoList
	}
	if _, err := body.Discard(begin); err != nil {
		return nil, err
	}
	within := &io.LimitedReader{R: body, N: int64(size)}
	return &List{within: within, in: bufio.NewReader(within)}, nil
}

// Next returns the message of the next pod, valid until the next call, and io.EOF
// behind the last.
func (l *List) Next() ([]byte, error) {
	for {
		field, typ, err := l.tag()
		if err != nil {
			return nil, err
		}
		data, err := l.value(typ)
		switch {
		case err != nil:
			return nil, fmt.Errorf("field %d of the list: %w", field, noEOF(err))
		case field == 2:
			return data, nil
		case field == 1 && !l.meta(data):
			return nil, errors.New("the metadata of the list is damaged")
		}
	}
}

// tag reads a field's number and type. io.EOF is the end of the list.
func (l *List) tag() (protowire.Number, protowire.Type, error) {
	tag, err := binary.ReadUvarint(l.in)
	if errors.Is(err, io.EOF) && l.within.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, 0, err
	}
	if tag>>3 == 0 || tag>>3 > math.MaxInt32 {
		return 0, 0, fmt.Errorf("a PodList has no field %d", tag>>3)
	}
	field, typ := protowire.DecodeTag(tag)
	return field, typ, nil
}

// value reads a value; one that is no bytes is skipped, for nobody knows it.
func (l *List) value(typ protowire.Type) (b []byte, err error) {
	switch typ {
	case protowire.VarintType:
		_, err = binary.ReadUvarint(l.in)
	case protowire.Fixed32Type:
		_, err = l.in.Discard(4)
	case protowire.Fixed64Type:
		_, err = l.in.Discard(8)
	case protowire.BytesType:
		var size uint64
		if size, err = binary.ReadUvarint(l.in); err == nil {
			return ReadObject(l.in, size, &l.item)
		}
	default:
		err = fmt.Errorf("the type %d is unknown", typ)
	}
	return nil, err
}

// meta reads a meta.v1.ListMeta.
func (l *List) meta(b []byte) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 2:
			l.ResourceVersion = string(r.bytes())
		case 3:
			l.Continue = string(r.bytes())
		}
	}
	return !r.bad
}

// ReadObject reads an object of this size into a buffer, which grows where it has to.
func ReadObject(in io.Reader, size uint64, buffer *[]byte) ([]byte, error) {
	if size > maxObject {
		return nil, fmt.Errorf("an object of %d bytes is larger than %d", size, maxObject)
	}
	if uint64(cap(*buffer)) < size {
		*buffer = make([]byte, size+size/4)
	}
	b := (*buffer)[:size]
	_, err := io.ReadFull(in, b)
	return b, noEOF(err)
}

// noEOF is for where more has to come.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
