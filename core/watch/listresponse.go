package watch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// maxJSONPage bounds a page in JSON, which is held as a whole. 500 pods of 15 KB have
// 7.5 MB; a list with larger ones is read in smaller pages.
const maxJSONPage = 32 << 20

// page is the response to a list request: a page of a list, or all of it.
type page struct {
	call    *silence
	body    io.ReadCloser
	objects iter.Seq2[Object, error] // to be read once; ends with an error
	meta    func() metav1.ListMeta   // complete when all objects were read
}

func (p *page) close() {
	p.call.cancel()
	_ = p.body.Close()
}

// askList makes a list request. Silence counts while the server is to be waited for,
// here and when objects are read.
func (s *Stream) askList(ctx context.Context, opts metav1.ListOptions) (*page, error) {
	call := newSilence(ctx, s.settings.Silence)
	p, err := s.openList(call, opts)
	if err != nil {
		call.cancel()
		return nil, call.explain(err)
	}
	return p, nil
}

func (s *Stream) openList(call *silence, opts metav1.ListOptions) (*page, error) {
	response, err := s.get(&opts).Stream(call.ctx)
	if err != nil {
		return nil, err
	}
	call.pause()
	body := body{response, call}
	p, err := s.readList(bufio.NewReaderSize(body, readBuffer))
	if err != nil {
		_ = body.Close()
		return nil, fmt.Errorf("read list: %w", err)
	}
	p.call, p.body = call, body
	return p, nil
}

func (s *Stream) readList(in *bufio.Reader) (*page, error) {
	resource := s.settings.Resource
	list, err := wire.NewList(in, resource.GroupVersion.String(), resource.Kind+"List")
	if errors.Is(err, wire.ErrNoList) {
		return s.decodeList(in)
	}
	if err != nil {
		return nil, err
	}
	p := &page{meta: func() metav1.ListMeta {
		return metav1.ListMeta{ResourceVersion: list.ResourceVersion, Continue: list.Continue}
	}}
	p.objects = func(yield func(Object, error) bool) {
		for {
			object, err := s.nextItem(list)
			if errors.Is(err, io.EOF) {
				p.readOut(in)
				return
			}
			if !yield(object, err) || err != nil {
				return
			}
		}
	}
	return p, nil
}

// readOutLimit is how long the end of a response may take after its list.
const readOutLimit = 100 * time.Millisecond

// readOut reads the few bytes after the last item of a list: only a response that was
// read to its end leaves its connection to the next request. If they don't come, or
// not at once, just that is lost.
func (p *page) readOut(in io.Reader) {
	late := time.AfterFunc(readOutLimit, p.call.cancel)
	defer late.Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(in, readBuffer))
}

func (s *Stream) nextItem(list *wire.List) (Object, error) {
	message, err := list.Next()
	if err != nil {
		return nil, err
	}
	return s.decode(message)
}

// decodeList has client-go's code decode any other answer: a list in JSON, or a
// Status.
func (s *Stream) decodeList(in *bufio.Reader) (*page, error) {
	data, err := io.ReadAll(transport.Limit(in, "a page of the list in JSON", maxJSONPage))
	if err != nil {
		return nil, err
	}
	contentType := runtime.ContentTypeProtobuf
	if len(data) > 0 && data[0] == '{' {
		contentType = runtime.ContentTypeJSON
	}
	object, err := s.settings.Client.decode(contentType, data)
	if err != nil {
		return nil, err
	}
	list, err := meta.ListAccessor(object)
	if err != nil || !meta.IsListType(object) {
		return nil, apierrors.FromObject(object)
	}
	return &page{
		objects: s.items(object),
		meta: func() metav1.ListMeta {
			return metav1.ListMeta{ResourceVersion: list.GetResourceVersion(), Continue: list.GetContinue()}
		},
	}, nil
}

// items returns the items of a list that was decoded.
func (s *Stream) items(list runtime.Object) iter.Seq2[Object, error] {
	enough := errors.New("no more items are wanted")
	return func(yield func(Object, error) bool) {
		err := meta.EachListItem(list, func(item runtime.Object) error {
			object, ok := s.decoder.Convert(item)
			if !ok {
				return fmt.Errorf("got a %T", item)
			}
			if !yield(object, nil) {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			yield(nil, fmt.Errorf("read list: %w", err))
		}
	}
}
