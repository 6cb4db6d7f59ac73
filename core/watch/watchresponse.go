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

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// readBuffer is how much is read from a connection at a time: four records of TLS. A
// frame that fits is decoded in place.
const readBuffer = 64 << 10

// maxJSONEvent bounds an event in JSON, as client-go does once it has read one. The
// largest object that etcd accepts has 1.5 MB.
const maxJSONEvent = 16 << 20

// wireEvent is an event as the server sent it.
type wireEvent struct {
	typ    watch.EventType
	object Object         // of the resource, unless the event is a bookmark
	mark   metav1.Object  // of a bookmark: the metadata
	other  runtime.Object // of another kind, such as the Status of an error
}

// watchResponse reads the events of a watch from the body of its response, in either
// of the encodings of API servers.
type watchResponse struct {
	stream *Stream
	client *Client

	apiVersion, kind string // of the objects

	body   io.ReadCloser
	in     *bufio.Reader
	large  []byte // a frame that doesn't fit into in; reused
	decode func() (wireEvent, error)
}

// askWatch makes a watch request.
func (s *Stream) askWatch(call *silence, opts *metav1.ListOptions) (*watchResponse, error) {
	defer call.pause()
	response, err := s.get(opts).Stream(call.ctx)
	if err != nil {
		return nil, err
	}
	return s.readWatch(body{response, call}), nil
}

func (s *Stream) readWatch(body io.ReadCloser) *watchResponse {
	w := &watchResponse{
		stream: s, client: s.settings.Client, body: body, in: bufio.NewReaderSize(body, readBuffer),
		apiVersion: s.settings.Resource.GroupVersion.String(), kind: s.settings.Resource.Kind,
	}
	w.decode = w.sniff
	return w
}

func (w *watchResponse) close() { _ = w.body.Close() }

// next waits for the next event. io.EOF is the end of a complete response.
func (w *watchResponse) next() (wireEvent, error) { return w.decode() }

// sniff finds out the encoding. A frame of protobuf begins with its length, and one
// that begins with a brace, or with any text, would have hundreds of megabytes.
func (w *watchResponse) sniff() (wireEvent, error) {
	first, err := w.in.Peek(1)
	if err != nil {
		return wireEvent{}, err
	}
	switch {
	case first[0] == '{':
		w.decode, err = w.json()
	case first[0] >= ' ':
		begin, _ := w.in.Peek(min(w.in.Buffered(), 64))
		err = fmt.Errorf("the answer is neither protobuf nor JSON, it begins with %q", begin)
	default:
		w.decode = w.protobuf
	}
	if err != nil {
		return wireEvent{}, err
	}
	return w.decode()
}

// protobuf reads a frame: the length of an event, and the event.
func (w *watchResponse) protobuf() (wireEvent, error) {
	length, err := w.in.Peek(4)
	if err != nil {
		return wireEvent{}, endOf(length, err)
	}
	size := uint64(binary.BigEndian.Uint32(length))
	_, _ = w.in.Discard(len(length)) // it is there
	frame, err := w.frame(size)
	if err != nil {
		return wireEvent{}, err
	}
	return w.parse(frame)
}

// frame reads a frame of this size, which is valid until the next is read.
func (w *watchResponse) frame(size uint64) ([]byte, error) {
	if size > readBuffer {
		return wire.ReadObject(w.in, size, &w.large)
	}
	frame, err := w.in.Peek(int(size))
	if err != nil {
		return nil, noEOF(err)
	}
	_, _ = w.in.Discard(len(frame)) // it is there
	return frame, nil
}

// endOf returns the error for the end of the body after some of the expected bytes.
func endOf(have []byte, err error) error {
	if len(have) > 0 {
		return noEOF(err)
	}
	return err
}

// noEOF replaces an io.EOF in the middle of something.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (w *watchResponse) parse(frame []byte) (wireEvent, error) {
	text, object, ok := wire.Event(frame)
	if !ok {
		return wireEvent{}, errors.New("the frame contains no watch event")
	}
	typ, err := typeOf(text)
	if err != nil {
		return wireEvent{}, err
	}
	message, ok := wire.Object(object, w.apiVersion, w.kind)
	switch {
	case !ok:
		other, err := w.client.decode(runtime.ContentTypeProtobuf, object)
		if err != nil {
			return wireEvent{}, err
		}
		return w.eventOf(typ, other), nil
	case typ == watch.Bookmark: // has metadata only, in the same field for every kind
		mark := new(metav1.PartialObjectMetadata)
		err := mark.Unmarshal(message)
		return wireEvent{typ: typ, mark: mark}, err
	default:
		o, err := w.stream.decode(message)
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
func (w *watchResponse) eventOf(typ watch.EventType, object runtime.Object) wireEvent {
	converted, ok := w.stream.decoder.Convert(object)
	switch {
	case !ok:
		return wireEvent{typ: typ, other: object}
	case typ == watch.Bookmark:
		return wireEvent{typ: typ, mark: converted.GetObjectMeta()}
	default:
		return wireEvent{typ: typ, object: converted}
	}
}

// json returns a function that decodes events in JSON with client-go's own code.
func (w *watchResponse) json() (func() (wireEvent, error), error) {
	objects, serializer, framer, err := w.client.answers.StreamDecoder(runtime.ContentTypeJSON, nil)
	if err != nil {
		return nil, err
	}
	in := transport.Limit(w.in, "an event in JSON", maxJSONEvent)
	frames := framer.NewFrameReader(io.NopCloser(in))
	decoder := restwatch.NewDecoder(streaming.NewDecoder(frames, serializer), objects)
	return func() (wireEvent, error) {
		in.Reset()
		typ, object, err := decoder.Decode()
		if err != nil {
			return wireEvent{}, err
		}
		return w.eventOf(typ, object), nil
	}, nil
}

// readError returns the error for a watch that could not be read any further: nil if
// it or its connection was just closed.
func readError(err error) error {
	if net.IsProbableEOF(err) || net.IsTimeout(err) {
		return nil
	}
	if transport.IsTooLarge(err) {
		return err
	}
	reporter := apierrors.NewClientErrorReporter(http.StatusInternalServerError, http.MethodGet, "ClientWatchDecoding")
	return apierrors.FromObject(reporter.AsObject(
		fmt.Errorf("unable to decode an event from the watch stream: %w", err)))
}
