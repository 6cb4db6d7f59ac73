package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// errIgnored: the server took a streaming list for a plain watch, so where the
// list ends will never be known. A server that knows streaming lists holds back
// every bookmark until the one that ends the list.
var errIgnored = errors.New("the server ignores sendInitialEvents")

// follow makes one watch request, which begins with a streaming list if one is
// due, and returns why it ended: nil if the server or the connection just closed
// it, which client-go's decoder doesn't tell apart.
func (r *session) follow(ctx context.Context) error {
	call := newSilence(ctx, r.Silence)
	defer call.cancel()
	w, err := r.get(r.watchOptions()).Watch(call.ctx)
	call.pause()
	if err != nil {
		return call.explain(err)
	}
	defer finish(call, w)
	if err := r.accepted(ctx); err != nil {
		return err
	}
	defer r.signOfLife().Stop()
	for {
		call.expect()
		ev, ok := <-w.ResultChan() // closed when the call's context ends
		call.pause()
		if !ok {
			return call.explain(nil)
		}
		if err := r.handle(ctx, ev); err != nil {
			return call.explain(err)
		}
	}
}

// finish waits until the decoder's goroutine is gone.
func finish(call *silence, w watch.Interface) {
	call.cancel()
	w.Stop()
	for range w.ResultChan() {
	}
}

// signOfLife counts a watch that is still open after a moment as heard: where
// nothing at all changes, bookmarks stay away too. One that is closed at once may
// be a connection that never got an answer, which client-go doesn't tell apart.
func (r *session) signOfLife() *time.Timer {
	return time.AfterFunc(r.BackoffInitial, r.hear)
}

// accepted is called when the server took the request. It may still turn out
// that the checkpoint has expired: API servers say that in the stream.
func (r *session) accepted(ctx context.Context) error {
	if r.relist {
		return r.startList(ctx)
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	r.synced.Store(true)
	return nil
}

func (r *session) handle(ctx context.Context, ev watch.Event) error {
	if ev.Type == watch.Error {
		return apierrors.FromObject(ev.Object)
	}
	pod, ok := ev.Object.(*corev1.Pod)
	if !ok {
		return fmt.Errorf("decode %s event: got a %T", ev.Type, ev.Object)
	}
	r.hear()
	switch {
	case ev.Type == watch.Bookmark:
		return r.bookmark(ctx, pod)
	case r.relist:
		return r.listItem(ctx, ev.Type, pod)
	default:
		return r.live(ctx, kindOf(ev.Type), pod, pod.ResourceVersion)
	}
}

// live sends what moves the checkpoint: an event or a bookmark.
func (r *session) live(ctx context.Context, kind Kind, pod *corev1.Pod, rv string) error {
	r.progressed, r.stuck, r.stalls = true, 0, 0
	r.known = nil // what it tells of changes with the event
	if err := r.send(ctx, kind, pod, rv); err != nil {
		return err
	}
	r.checkpoint = rv
	return nil
}

// listItem sends an event that came before the end of a streaming list. What
// changes meanwhile comes as Modified and Deleted; a pod that is created can't
// be told from one that was there.
func (r *session) listItem(ctx context.Context, t watch.EventType, pod *corev1.Pod) error {
	kind := kindOf(t)
	if kind == Added {
		kind = Present
		r.pods++
	}
	return r.send(ctx, kind, pod, pod.ResourceVersion)
}

func (r *session) bookmark(ctx context.Context, mark *corev1.Pod) error {
	rv := mark.ResourceVersion
	switch {
	case !r.relist:
		return r.live(ctx, Bookmark, nil, rv)
	case mark.Annotations[metav1.InitialEventsAnnotationKey] == "true":
		return r.finishList(ctx, rv)
	default:
		return errIgnored
	}
}

// kindOf is total: client-go's decoder lets no other types through.
func kindOf(t watch.EventType) Kind {
	switch t {
	case watch.Added:
		return Added
	case watch.Deleted:
		return Deleted
	default:
		return Modified
	}
}
