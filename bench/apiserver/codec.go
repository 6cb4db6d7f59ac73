package apiserver

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
)

// encoding is all that is sent in one media type, encoded as k8s.io/apiserver
// does.
type encoding struct {
	info   runtime.SerializerInfo
	events []template // of a watch, by step of life
	added  []template // the same pods as events of a streaming list
	items  []template // the same pods as items of a list
	marks  map[bool]template
}

func newEncoding(mediaType string, pods []*corev1.Pod) *encoding {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		panic(err) // a scheme that is empty has nothing to conflict with
	}
	info, ok := runtime.SerializerInfoForMediaType(serializer.NewCodecFactory(scheme).SupportedMediaTypes(), mediaType)
	if !ok {
		panic("no serializer of " + mediaType)
	}
	e := &encoding{info: info, marks: make(map[bool]template)}
	steps := life()
	for i, pod := range pods {
		pod.TypeMeta = podKind()
		e.events = append(e.events, newTemplate(e.frame(steps[i].event, pod)))
		e.added = append(e.added, newTemplate(e.frame(watch.Added, pod)))
		pod.TypeMeta = metav1.TypeMeta{} // items of a list don't repeat it
		e.items = append(e.items, newTemplate(e.item(pod)))
	}
	for _, end := range []bool{false, true} {
		e.marks[end] = newTemplate(e.bookmark(end))
	}
	return e
}

func (e *encoding) isProtobuf() bool { return e.info.MediaType == runtime.ContentTypeProtobuf }

// streamType is the content type of a watch.
func (e *encoding) streamType() string {
	if e.isProtobuf() {
		return e.info.MediaType + ";stream=watch"
	}
	return e.info.MediaType
}

// frame is a watch event: the framer around the stream serializer's WatchEvent
// around the plain serializer's object.
func (e *encoding) frame(t watch.EventType, obj runtime.Object) []byte {
	var object, framed bytes.Buffer
	e.encode(obj, &object)
	stream := e.info.StreamSerializer
	ev := &metav1.WatchEvent{Type: string(t), Object: runtime.RawExtension{Raw: object.Bytes()}}
	if err := stream.Encode(ev, stream.NewFrameWriter(&framed)); err != nil {
		panic(fmt.Errorf("encode watch event: %w", err)) // into memory
	}
	return framed.Bytes()
}

// bookmark has a resourceVersion alone; end marks it as the end of a streaming
// list.
func (e *encoding) bookmark(end bool) []byte {
	pod := &corev1.Pod{TypeMeta: podKind(), ObjectMeta: metav1.ObjectMeta{ResourceVersion: version}}
	if end {
		pod.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	}
	return e.frame(watch.Bookmark, pod)
}

func (e *encoding) item(pod *corev1.Pod) []byte {
	if e.isProtobuf() {
		raw, err := pod.Marshal()
		if err != nil {
			panic(fmt.Errorf("encode pod: %w", err))
		}
		return raw
	}
	var object bytes.Buffer
	e.encode(pod, &object)
	return bytes.TrimSuffix(object.Bytes(), []byte("\n"))
}

func (e *encoding) encode(obj runtime.Object, w io.Writer) {
	if err := e.info.Serializer.Encode(obj, w); err != nil {
		panic(fmt.Errorf("encode %T: %w", obj, err)) // into memory
	}
}

// negotiate returns the first media type of an Accept header that is spoken.
func negotiate(accept string, spoken []*encoding) *encoding {
	for part := range strings.SplitSeq(accept, ",") {
		name, _, _ := strings.Cut(part, ";")
		for _, e := range spoken {
			if strings.TrimSpace(name) == e.info.MediaType {
				return e
			}
		}
	}
	return spoken[0]
}
