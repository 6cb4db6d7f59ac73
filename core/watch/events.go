package watch

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	restwatch "k8s.io/client-go/rest/watch"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// readBuffer is how much is read from a connection at a time: four records of TLS.
// A frame that fits is read where it lies.
const readBuffer = 64 << 10

// wireEvent is an event of a watch as it came.
type wireEvent struct {
	typ    watch.EventType
	object Object         // of the resource, unless the event is a bookmark
	mark   metav1.Object  // of a bookmark: the metadata
	other  runtime.Object // of another kind, such as the Status of an error
}

// events reads the events of a watch from the body of its response, in one of the
// two ways in which API servers encode them.
type events struct {
	stream *Stream
	client *Client

	apiVersion, kind string // of the objects

	body   io.ReadCloser
	in     *bufio.Reader
	large  []byte // a frame that doesn't fit into in; reused
	decode func() (wireEvent, error)
}

func newEvents(s *Stream, body io.ReadCloser) *events {
	e := &events{
		stream: s, client: s.settings.Client, body: body, in: bufio.NewReaderSize(body, readBuffer),
		apiVersion: s.settings.Resource.GroupVersion.String(), kind: s.settings.Resource.Kind,
	}
	e.decode = e.sniff
	return e
}

func (e *events) close() { _ = e.body.Close() }

// next waits for the next event. io.EOF is a clean end.
func (e *events) next() (wireEvent, error) { return e.decode() }

// sniff finds out how the server encodes. A frame of protobuf begins with its
// length, and one that begins with a brace, or with any text, would have hundreds
// of megabytes.
func (e *events) sniff() (wireEvent, error) {
	first, err := e.in.Peek(1)
	if err != nil {
		return wireEvent{}, err
	}
	switch {
	case first[0] == '{':
		e.decode, err = e.json()
	case first[0] >= ' ':
		begin, _ := e.in.Peek(min(e.in.Buffered(), 64))
		err = fmt.Errorf("the answer is neither protobuf nor JSON, it begins with %q", begin)
	default:
		e.decode = e.protobuf
	}
	if err != nil {
		return wireEvent{}, err
	}
	return e.decode()
}

// protobuf reads a frame: the length of an event, and the event.
func (e *events) protobuf() (wireEvent, error) {
	length, err := e.in.Peek(4)
	if err != nil {
		return wireEvent{}, endOf(length, err)
	}
	size := uint64(binary.BigEndian.Uint32(length))
	_, _ = e.in.Discard(len(length)) // it is there
	frame, err := e.frame(size)
	if err != nil {
		return wireEvent{}, err
	}
	return e.parse(frame)
}

// frame reads a frame of this size, which is valid until the next is read.
func (e *events) frame(size uint64) ([]byte, error) {
	if size > readBuffer {
		return wire.ReadObject(e.in, size, &e.large)
	}
	frame, err := e.in.Peek(int(size))
	if err != nil {
		return nil, noEOF(err)
	}
	_, _ = e.in.Discard(len(frame)) // it is there
	return frame, nil
}

// endOf tells a clean end from one within what there should be.
func endOf(have []byte, err error) error {
	if len(have) > 0 {
		return noEOF(err)
	}
	return err
}

// noEOF is for where more has to come.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (e *events) parse(frame []byte) (wireEvent, error) {
	text, object, ok := wire.Event(frame)
	if !ok {
		return wireEvent{}, errors.New("the frame holds no watch event")
	}
	typ, err := typeOf(text)
	if err != nil {
		return wireEvent{}, err
	}
	message, ok := wire.Object(object, e.apiVersion, e.kind)
	switch {
	case !ok:
		other, err := e.client.decode(runtime.ContentTypeProtobuf, object)
		if err != nil {
			return wireEvent{}, err
		}
		return e.eventOf(typ, other), nil
	case typ == watch.Bookmark: // its object has metadata only, in the same field for every kind
		mark := new(metav1.PartialObjectMetadata)
		err := mark.Unmarshal(message)
		return wireEvent{typ: typ, mark: mark}, err
	default:
		o, err := e.stream.decode(message)
		return wireEvent{typ: typ, object: o}, err
	}
}

func typeOf(text []byte) (watch.EventType, error) {
	for _, t := range []watch.EventType{watch.Modified, watch.Added, watch.Deleted, watch.Bookmark, watch.Error} {
		if string(text) == string(t) {
			return t, nil
		}
	}
	return "", fmt.Errorf("got invalid watch event type: %s", text)
}

// eventOf returns an event with an object that client-go has decoded.
func (e *events) eventOf(typ watch.EventType, object runtime.Object) wireEvent {
	converted, ok := e.stream.decoder.Convert(object)
	switch {
	case !ok:
		return wireEvent{typ: typ, other: object}
	case typ == watch.Bookmark:
		return wireEvent{typ: typ, mark: converted.GetObjectMeta()}
	default:
		return wireEvent{typ: typ, object: converted}
	}
}

// json returns what decodes events in JSON, which is client-go's own code.
func (e *events) json() (func() (wireEvent, error), error) {
	objects, serializer, framer, err := e.client.answers.StreamDecoder(runtime.ContentTypeJSON, nil)
	if err != nil {
		return nil, err
	}
	frames := framer.NewFrameReader(io.NopCloser(e.in))
	decoder := restwatch.NewDecoder(streaming.NewDecoder(frames, serializer), objects)
	return func() (wireEvent, error) {
		typ, object, err := decoder.Decode()
		if err != nil {
			return wireEvent{}, err
		}
		return e.eventOf(typ, object), nil
	}, nil
}

// ending returns the error for which a watch ended that could not be read on: nil
// where it or its connection was just closed.
func ending(err error) error {
	if net.IsProbableEOF(err) || net.IsTimeout(err) {
		return nil
	}
	return apierrors.FromObject(apierrors.NewClientErrorReporter(http.StatusInternalServerError, http.MethodGet, "ClientWatchDecoding").
		AsObject(fmt.Errorf("unable to decode an event from the watch stream: %w", err)))
}
