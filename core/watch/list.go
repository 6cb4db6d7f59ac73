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

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// page is a page of a list, or all of one.
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

// list makes a list request. Silence counts while the server is waited for, here
// and when pods are read.
func (r *session) list(ctx context.Context, opts metav1.ListOptions) (*page, error) {
	call := newSilence(ctx, r.Silence)
	p, err := r.openList(call, opts)
	if err != nil {
		call.cancel()
		return nil, call.explain(err)
	}
	return p, nil
}

func (r *session) openList(call *silence, opts metav1.ListOptions) (*page, error) {
	response, err := r.get(&opts).Stream(call.ctx)
	if err != nil {
		return nil, err
	}
	call.pause()
	body := body{response, call}
	p, err := r.readList(bufio.NewReaderSize(body, readBuffer))
	if err != nil {
		_ = body.Close()
		return nil, fmt.Errorf("read list: %w", err)
	}
	p.call, p.body = call, body
	return p, nil
}

func (r *session) readList(in *bufio.Reader) (*page, error) {
	list, err := wire.NewList(in, r.Resource.GroupVersion.String(), r.Resource.Kind+"List")
	if errors.Is(err, wire.ErrNoList) {
		return r.decodeList(in)
	}
	if err != nil {
		return nil, err
	}
	p := &page{meta: func() metav1.ListMeta {
		return metav1.ListMeta{ResourceVersion: list.ResourceVersion, Continue: list.Continue}
	}}
	p.objects = func(yield func(Object, error) bool) {
		for {
			object, err := r.nextItem(list)
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

// readOutLimit is how long the end of a response may take behind its list.
const readOutLimit = 100 * time.Millisecond

// readOut reads what is behind the last item of a list, which is next to nothing:
// only a response that was read to its end leaves its connection for the next one.
// Where it can't be read, or not at once, nothing is lost but that.
func (p *page) readOut(in io.Reader) {
	late := time.AfterFunc(readOutLimit, p.call.cancel)
	defer late.Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(in, readBuffer))
}

func (r *session) nextItem(list *wire.List) (Object, error) {
	message, err := list.Next()
	if err != nil {
		return nil, err
	}
	return r.decode(message)
}

// decodeList has client-go's code decode what is no list in protobuf: JSON, or a
// Status.
func (r *session) decodeList(in *bufio.Reader) (*page, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	contentType := runtime.ContentTypeProtobuf
	if len(data) > 0 && data[0] == '{' {
		contentType = runtime.ContentTypeJSON
	}
	object, err := r.Client.decode(contentType, data)
	if err != nil {
		return nil, err
	}
	list, err := meta.ListAccessor(object)
	if err != nil || !meta.IsListType(object) {
		return nil, apierrors.FromObject(object)
	}
	return &page{
		objects: r.items(object),
		meta: func() metav1.ListMeta {
			return metav1.ListMeta{ResourceVersion: list.GetResourceVersion(), Continue: list.GetContinue()}
		},
	}, nil
}

// items returns the items of a list that was decoded.
func (r *session) items(list runtime.Object) iter.Seq2[Object, error] {
	enough := errors.New("no more items are wanted")
	return func(yield func(Object, error) bool) {
		err := meta.EachListItem(list, func(item runtime.Object) error {
			object, ok := r.decoder.Convert(item)
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
