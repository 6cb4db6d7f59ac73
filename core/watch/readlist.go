package watch

import (
	"cmp"
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

// errIgnored reports that the server took a streaming list for a plain watch, so
// that nothing will mark the end of the list. A server with streaming lists holds
// back every bookmark until the one that ends the list.
var errIgnored = errors.New("the server ignores sendInitialEvents")

// startList announces a list. An earlier one that was cut is void.
func (r *session) startList(ctx context.Context) error {
	r.list.objects, r.list.began = 0, time.Now()
	return r.send(ctx, Listing, nil, r.checkpoint)
}

// sendPresent sends an object of the list.
func (r *session) sendPresent(ctx context.Context, object Object) error {
	r.list.objects++
	return r.send(ctx, Present, object, versionOf(object))
}

// finishList makes rv the checkpoint, from which the watch continues.
func (r *session) finishList(ctx context.Context, rv string) error {
	if err := r.send(ctx, Listed, nil, rv); err != nil {
		return err
	}
	r.reportList(ctx, rv)
	r.checkpoint = rv
	r.list.complete()
	r.verification.done()
	r.retry.tooLarge, r.retry.silent = 0, 0
	r.synced.Store(true)
	return nil
}

// readPages reads the full list page by page, and holds one object of it at a time.
// All pages show the state at the first one's resourceVersion.
func (r *session) readPages(ctx context.Context) error {
	opts := metav1.ListOptions{Limit: cmp.Or(r.list.pageSize, r.PageSize)}
	if r.list.expired >= maxExpired {
		opts.Limit = 0
	}
	for {
		page, err := r.readPage(ctx, opts)
		if transport.IsTooLarge(err) {
			r.list.shrink(opts.Limit, r.PageSize)
		}
		if err != nil {
			return err
		}
		if page.Continue == "" {
			return r.finishList(ctx, page.ResourceVersion)
		}
		opts.Continue = page.Continue
	}
}

// readPage reads a page, and sends its objects as they come.
func (r *session) readPage(ctx context.Context, opts metav1.ListOptions) (metav1.ListMeta, error) {
	page, err := r.askList(ctx, opts)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	defer page.close()
	r.markActive()
	if opts.Continue == "" {
		if err := r.startList(ctx); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	for object, err := range page.objects {
		if err != nil {
			return metav1.ListMeta{}, page.call.explain(err)
		}
		if err := r.sendPresent(ctx, object); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	return page.meta(), nil
}

// listEvent sends an event that came before the end of a streaming list. Changes
// during the list come as Modified and Deleted; an object that is created then looks
// like one that existed before.
func (r *session) listEvent(ctx context.Context, ev wireEvent) error {
	if ev.mark != nil {
		if ev.mark.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
			return errIgnored
		}
		return r.finishList(ctx, ev.mark.GetResourceVersion())
	}
	if ev.typ == watch.Added {
		return r.sendPresent(ctx, ev.object)
	}
	return r.send(ctx, kindOf(ev.typ), ev.object, versionOf(ev.object))
}
