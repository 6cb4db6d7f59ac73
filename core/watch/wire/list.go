package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxObject is the size of the largest object that is read, as in client-go.
const maxObject = 16 << 20

// Fields of a list and of its meta.v1.ListMeta.
const (
	listMeta  = 1
	listItems = 2

	listMetaResourceVersion = 2
	listMetaContinue        = 3
)

// ErrNoList reports that the body is not a list of the wanted kind in protobuf, or
// has an unusual envelope. Nothing of the body is consumed then.
var ErrNoList = errors.New("not a list of this kind in protobuf")

// List reads a list from a connection, one item at a time.
type List struct {
	// ResourceVersion and Continue are complete once Next has returned io.EOF.
	ResourceVersion, Continue string

	within *io.LimitedReader
	in     *bufio.Reader // of within
	item   []byte
}

// NewList begins to read a list of this apiVersion and kind, such as v1 and PodList.
// It returns [ErrNoList] if the body is anything else.
func NewList(body *bufio.Reader, apiVersion, kind string) (*List, error) {
	head, err := body.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	begin, size, ok := listHead(head, apiVersion, kind)
	if !ok {
		return nil, ErrNoList
	}
	if _, err := body.Discard(begin); err != nil {
		return nil, err
	}
	within := &io.LimitedReader{R: body, N: int64(size)}
	return &List{within: within, in: bufio.NewReader(within)}, nil
}

// Next returns the message of the next item, valid until the next call, and io.EOF
// after the last.
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
		case field == listItems:
			return data, nil
		case field == listMeta && !l.meta(data):
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
		return 0, 0, fmt.Errorf("a list has no field %d", tag>>3)
	}
	field, typ := protowire.DecodeTag(tag)
	return field, typ, nil
}

// value reads a value. One that isn't bytes is skipped: no known field is of such a
// type.
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

func (l *List) meta(message []byte) bool {
	r := NewReader(message)
	for r.Next() {
		switch r.Field {
		case listMetaResourceVersion:
			l.ResourceVersion = string(r.Bytes())
		case listMetaContinue:
			l.Continue = string(r.Bytes())
		}
	}
	return r.OK()
}

// ReadObject reads an object of this size into a buffer, which grows as needed.
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

// noEOF replaces an io.EOF in the middle of something.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
