package apiscript

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
)

// media is an index into what is kept once per media type.
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
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		panic(err) // a scheme that is empty has nothing to conflict with
	}
	types := serializer.NewCodecFactory(scheme).SupportedMediaTypes()
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
		panic(fmt.Errorf("encode %T: %w", obj, err)) // pods and statuses can be encoded
	}
	ev := &metav1.WatchEvent{Type: string(t), Object: runtime.RawExtension{Raw: object.Bytes()}}
	stream := c.info[m].StreamSerializer
	var framed bytes.Buffer
	framed.Grow(object.Len() + 64) // what frame and event add
	if err := stream.Encode(ev, stream.NewFrameWriter(&framed)); err != nil {
		panic(fmt.Errorf("encode watch event: %w", err))
	}
	return framed.Bytes()
}

// bookmark returns the frame of a bookmark; end marks it as the end of a
// streaming list.
func (c *codec) bookmark(m media, rv uint64, end bool) []byte {
	pod := &corev1.Pod{TypeMeta: podKind(), ObjectMeta: metav1.ObjectMeta{ResourceVersion: formatRV(rv)}}
	if end {
		pod.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	}
	return c.frame(m, watch.Bookmark, pod)
}

func podKind() metav1.TypeMeta { return metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"} }
