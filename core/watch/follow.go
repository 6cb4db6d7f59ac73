package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
)

// errIgnored: the server took a streaming list for a plain watch, so where the
// list ends will never be known. A server that knows streaming lists holds back
// every bookmark until the one that ends the list.
var errIgnored = errors.New("the server ignores sendInitialEvents")

// follow makes one watch request, which begins with a streaming list if one is
// due, and returns why it ended: nil if the server or the connection just closed
// it.
func (r *session) follow(ctx context.Context) error {
	call := newSilence(ctx, r.Silence)
	defer call.cancel()
	events, err := r.watch(call)
	if err != nil {
		return call.explain(unanswered(err))
	}
	defer events.close()
	if err := r.accepted(ctx); err != nil {
		return err
	}
	defer r.signOfLife().Stop()
	for {
		ev, err := events.next()
		if err != nil {
			return call.explain(ending(err))
		}
		if err := r.handle(ctx, ev); err != nil {
			return call.explain(err)
		}
	}
}

// watch asks for the watch.
func (r *session) watch(call *silence) (*events, error) {
	defer call.pause()
	response, err := r.get(r.watchOptions()).Stream(call.ctx)
	if err != nil {
		return nil, err
	}
	return newEvents(r.Stream, body{response, call}), nil
}

// unanswered returns nil where the connection was closed before the response, or
// in its head. An answer that was cut is one: net/http's client has no part in that
// error.
func unanswered(err error) error {
	if asked, ok := errors.AsType[*url.Error](err); ok && isClosed(asked.Err) {
		return nil
	}
	return err
}

func isClosed(err error) bool {
	return net.IsProbableEOF(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) || strings.HasSuffix(err.Error(), idleClosed)
}

// idleClosed is what net/http says of a new connection that is closed before
// anything was asked over it. One that has served before is replaced unseen.
const idleClosed = "http: server closed idle connection"

// signOfLife counts a watch that is still open after a moment as heard: where
// nothing at all changes, bookmarks stay away too.
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

func (r *session) handle(ctx context.Context, ev wireEvent) error {
	if ev.typ == watch.Error {
		return apierrors.FromObject(ev.other)
	}
	if ev.other != nil {
		return fmt.Errorf("decode %s event: got a %T", ev.typ, ev.other)
	}
	r.hear()
	switch {
	case ev.mark != nil:
		return r.bookmark(ctx, ev.mark)
	case r.relist:
		return r.listItem(ctx, ev.typ, ev.object)
	default:
		return r.live(ctx, kindOf(ev.typ), ev.object, versionOf(ev.object))
	}
}

// live sends what moves the checkpoint: an event or a bookmark.
func (r *session) live(ctx context.Context, kind Kind, object Object, rv string) error {
	r.progressed, r.stuck, r.stalls = true, 0, 0
	r.known = nil // what it tells of changes with the event
	if err := r.send(ctx, kind, object, rv); err != nil {
		return err
	}
	r.checkpoint = rv
	return nil
}

// listItem sends an event that came before the end of a streaming list. What
// changes meanwhile comes as Modified and Deleted; an object that is created then
// looks like one that existed before.
func (r *session) listItem(ctx context.Context, t watch.EventType, object Object) error {
	kind := kindOf(t)
	if kind == Added {
		kind = Present
		r.objects++
	}
	return r.send(ctx, kind, object, versionOf(object))
}

func (r *session) bookmark(ctx context.Context, mark metav1.Object) error {
	rv := mark.GetResourceVersion()
	switch {
	case !r.relist:
		return r.live(ctx, Bookmark, nil, rv)
	case mark.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true":
		return r.finishList(ctx, rv)
	default:
		return errIgnored
	}
}

// kindOf is total: no other types come through.
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
