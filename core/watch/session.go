package watch

import (
	"context"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// session is the state of one Run. It belongs to the goroutine of Run.
type session struct {
	*Stream
	Settings
	out chan<- Event

	checkpoint   string // everything up to it was sent; it doesn't move during a list
	list         fullList
	retry        retry
	verification verification
	warned       bool // of a missing right; only if Optional
}

func newSession(s *Stream, from string, out chan<- Event) *session {
	s.synced.Store(false)
	return &session{
		Stream: s, Settings: s.settings, out: out,
		checkpoint:   from,
		list:         fullList{due: from == ""},
		retry:        newRetry(s.settings.BackoffInitial, s.settings.BackoffMax),
		verification: verification{due: from != "", known: s.settings.Known},
	}
}

// run makes one request after the other until ctx ends.
func (r *session) run(ctx context.Context) error {
	r.checkStored(ctx)
	for ctx.Err() == nil {
		err := r.request(ctx)
		if ctx.Err() == nil {
			r.restart(ctx, err)
		}
	}
	return ctx.Err()
}

// checkStored makes a full list due if no server can resume from the stored
// checkpoint. API servers answer such a watch with code 500, which looks like a
// passing failure.
func (r *session) checkStored(ctx context.Context) {
	if r.checkpoint == "" {
		return
	}
	_, err := resourceversion.CompareResourceVersion(r.checkpoint, r.checkpoint)
	if err == nil { // as it is for a number of any size
		_, err = strconv.ParseUint(r.checkpoint, 10, 64)
	}
	switch {
	case err != nil:
		r.needList(ReasonInvalid)
		r.logGap(ctx, r.attrs(ending{reason: ReasonInvalid, err: err}))
	case r.Compare:
		r.needList(ReasonCompare)
		r.logGap(ctx, r.attrs(ending{reason: ReasonCompare}))
	}
}

// request makes the next request, and returns why it ended: nil if the server or the
// connection just closed it. A streaming list goes over into its own watch; after a
// paged one comes another request.
func (r *session) request(ctx context.Context) error {
	r.Client.wait(ctx)
	r.retry.began = time.Now()
	if r.list.due && r.list.paged() {
		if err := r.readPages(ctx); err != nil {
			return err
		}
	}
	return r.follow(ctx)
}

// send sends an event, and blocks until the reader takes it.
func (r *session) send(ctx context.Context, kind Kind, object Object, rv string) error {
	ev := Event{
		Kind: kind, Resource: r.name, Stream: r.Namespace, Object: object,
		ResourceVersion: rv, Received: time.Now(), pool: &r.memory,
	}
	var err error
	if ev.room, err = r.roomFor(ctx); err != nil {
		return err
	}
	select {
	case r.out <- ev:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
