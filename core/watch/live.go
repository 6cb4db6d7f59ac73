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
	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
)

// follow makes one watch request, which begins with a streaming list if one is due,
// and returns why it ended: nil if the server or the connection just closed it.
func (r *session) follow(ctx context.Context) error {
	call := newSilence(ctx, r.Silence)
	defer call.cancel()
	events, err := r.askWatch(call, r.watchOptions())
	if err != nil {
		return call.explain(unanswered(err))
	}
	defer events.close()
	if err := r.accepted(ctx); err != nil {
		return err
	}
	defer r.markActiveLater().Stop()
	for {
		ev, err := events.next()
		if err != nil {
			return call.explain(readError(err))
		}
		if err := r.handle(ctx, ev); err != nil {
			return call.explain(err)
		}
	}
}

// accepted is called when the server has accepted the request. The checkpoint may
// still have expired: API servers report that in the stream.
func (r *session) accepted(ctx context.Context) error {
	if r.list.due {
		return r.startList(ctx)
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	r.synced.Store(true)
	return nil
}

// markActiveLater counts a watch that is still open after a moment as activity: in a
// cluster where nothing changes there are no bookmarks either.
func (r *session) markActiveLater() *time.Timer {
	return time.AfterFunc(r.BackoffInitial, r.markActive)
}

func (r *session) handle(ctx context.Context, ev wireEvent) error {
	if ev.typ == watch.Error {
		return apierrors.FromObject(ev.other)
	}
	if ev.other != nil {
		return fmt.Errorf("decode %s event: got a %T", ev.typ, ev.other)
	}
	r.markActive()
	switch {
	case r.list.due:
		return r.listEvent(ctx, ev)
	case ev.mark != nil:
		return r.sendLive(ctx, Bookmark, nil, ev.mark.GetResourceVersion())
	default:
		return r.sendLive(ctx, kindOf(ev.typ), ev.object, versionOf(ev.object))
	}
}

// sendLive sends an event or a bookmark that moves the checkpoint.
func (r *session) sendLive(ctx context.Context, kind Kind, object Object, rv string) error {
	r.retry.progress(kind)
	r.verification.known = nil // its answers change with the event
	if err := r.send(ctx, kind, object, rv); err != nil {
		return err
	}
	r.checkpoint = rv
	return nil
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

// unanswered returns nil if the connection was closed before the response, or in its
// head. An answer that was cut is an answer: net/http's client has no part in that
// error.
func unanswered(err error) error {
	if asked, ok := errors.AsType[*url.Error](err); ok && isClosed(asked.Err) {
		return nil
	}
	return err
}

// idleClosed is net/http's error for a new connection that is closed before anything
// was asked over it. It replaces one that has served before without an error.
const idleClosed = "http: server closed idle connection"

func isClosed(err error) bool {
	return net.IsProbableEOF(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) ||
		strings.HasSuffix(err.Error(), idleClosed)
}
