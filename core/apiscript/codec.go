package apiscript

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
)

// media is an index into arrays with one element per media type.
type media int

const (
	mediaJSON media = iota
	mediaProtobuf
	mediaCount
)

// codec encodes as k8s.io/apiserver does. A watch frame is the framer around
// the stream serializer's WatchEvent around the plain serializer's object; in
// protobuf only the innermost carries the k8s\0 magic.
type codec struct {
	info    [mediaCount]runtime.SerializerInfo
	buffers sync.Pool // of *bytes.Buffer
}

func newCodec() *codec {
	types := serializer.NewCodecFactory(runtime.NewScheme()).SupportedMediaTypes() // encoding needs no types
	c := new(codec)
	c.info[mediaJSON], _ = runtime.SerializerInfoForMediaType(types, runtime.ContentTypeJSON)
	c.info[mediaProtobuf], _ = runtime.SerializerInfoForMediaType(types, runtime.ContentTypeProtobuf)
	return c
}

func (c *codec) contentType(m media) string { return c.info[m].MediaType }

func (c *codec) streamType(m media) string {
	if m == mediaJSON {
		return runtime.ContentTypeJSON
	}
	return c.info[m].MediaType + ";stream=watch"
}

// object writes obj, which must have its kind set.
func (c *codec) object(m media, obj runtime.Object, w io.Writer) error {
	return c.info[m].Serializer.Encode(obj, w)
}

// frame returns a watch event with obj, which must have its kind set.
func (c *codec) frame(m media, t watch.EventType, obj runtime.Object) []byte {
	object, ok := c.buffers.Get().(*bytes.Buffer)
	if !ok {
		object = new(bytes.Buffer)
	}
	defer c.buffers.Put(object)
	object.Reset()
	if err := c.object(m, obj, object); err != nil {
		panic(fmt.Errorf("encode %T: %w", obj, err)) // all of k8s.io/api can be encoded
	}
	ev := &metav1.WatchEvent{Type: string(t), Object: runtime.RawExtension{Raw: object.Bytes()}}
	stream := c.info[m].StreamSerializer
	var framed bytes.Buffer
	framed.Grow(object.Len() + 64) // for frame and event
	if err := stream.Encode(ev, stream.NewFrameWriter(&framed)); err != nil {
		panic(fmt.Errorf("encode watch event: %w", err))
	}
	return framed.Bytes()
}

// bookmark returns the frame of a bookmark; end marks it as the end of a streaming
// list.
func (c *Collection) bookmark(m media, rv uint64, end bool) []byte {
	o := c.newObject()
	o.GetObjectKind().SetGroupVersionKind(c.resource.GroupVersion.WithKind(c.resource.Kind))
	o.SetResourceVersion(formatRV(rv))
	if end {
		o.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	}
	return c.server.codec.frame(m, watch.Bookmark, o)
}

// errorFrame returns the frame of an ERROR event.
func (c *codec) errorFrame(m media, st *metav1.Status) []byte {
	status := *st
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	return c.frame(m, watch.Error, &status)
}
