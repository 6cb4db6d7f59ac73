package watch

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/rest"
)

const (
	// maxCuts streaming lists in a row that failed make way for a paged one. A
	// server cuts watchers that are slower than the cluster's changes, also in
	// the middle of their list; a reader that is just too slow would never come
	// to the end. Pages wait for their reader.
	maxCuts = 3

	// maxStuck requests in a row that were answered with "too large resource
	// version" make way for a full list. Usually that passes: one of several API
	// servers lags behind. After a restore of etcd it does not.
	maxStuck = 3

	// One in maxStalls silent watches in a row is a reason to ask whether the
	// checkpoint lies in the future.
	maxStalls = 3
)

// session is the memory of one Run: what the next request will be and how long
// to wait for it. It belongs to the goroutine of Run.
type session struct {
	*Stream
	Settings
	out     chan<- Event
	backoff *backoff.ExponentialBackOff

	checkpoint string // everything up to it was sent; stands still during a list
	relist     bool   // a full list is due or under way
	gap        *Gap   // what the list that is due will end; nil: nothing was missed

	doubt      bool              // the checkpoint is to be verified once the server takes up a watch
	known      func(Object) bool // Settings.Known for as long as it may be asked
	listDenied time.Time         // until then the list that verifies is taken for forbidden

	refused bool // the server knows no streaming lists
	cuts    int  // streaming lists in a row that were cut
	expired int  // paged lists in a row whose continue token expired
	stuck   int  // requests in a row for which the server was not ready
	stalls  int  // watches in a row that stayed silent
	objects int  // sent since Listing

	listed time.Time // when the list was begun
	lost   time.Time // since when events may have been missed; zero: unknown

	began      time.Time // of the present request
	progressed bool      // live events or bookmarks came since the last pause
}

func newSession(s *Stream, from string, out chan<- Event) *session {
	r := &session{Stream: s, Settings: s.settings, out: out, checkpoint: from, relist: from == ""}
	r.doubt, r.known = from != "", r.Known
	// A checkpoint that has expired before the start deserves its list at once.
	r.progressed = true
	r.backoff = backoff.NewExponentialBackOff()
	r.backoff.InitialInterval = r.BackoffInitial
	r.backoff.MaxInterval = r.BackoffMax
	r.backoff.Reset()
	s.synced.Store(false)
	return r
}

// checkFrom makes a full list due where the stored checkpoint is nothing that a
// server can resume from. API servers answer such a watch with code 500, which
// would look like trouble that passes.
func (r *session) checkFrom(ctx context.Context) {
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
		r.logGap(ctx, r.describe(ReasonInvalid, err))
	case r.Compare:
		r.needList(ReasonCompare)
		r.logGap(ctx, r.describe(ReasonCompare, nil))
	}
}

// paged says how the list that is due will be read.
func (r *session) paged() bool { return r.refused || r.cuts >= maxCuts }

// request does the work of one round, and returns why it ended. A streaming
// list goes over into its own watch, a paged one needs another request.
func (r *session) request(ctx context.Context) error {
	r.began = time.Now()
	if r.relist && r.paged() {
		if err := r.listPages(ctx); err != nil {
			return err
		}
	}
	return r.follow(ctx)
}

// get prepares a request for the objects of the stream.
func (r *session) get(opts *metav1.ListOptions) *rest.Request {
	opts.LabelSelector, opts.FieldSelector = r.LabelSelector, r.FieldSelector
	return r.Client.get(r.Resource, r.Namespace, opts)
}

// watchOptions resumes from the checkpoint, or asks for a streaming list.
func (r *session) watchOptions() *metav1.ListOptions {
	timeout := r.WatchTimeoutMin
	if span := r.WatchTimeoutMax - r.WatchTimeoutMin; span > 0 {
		timeout += rand.N(span) //nolint:gosec // spreads load, keeps no secret
	}
	seconds := max(1, int64(timeout/time.Second))
	opts := &metav1.ListOptions{Watch: true, AllowWatchBookmarks: true, TimeoutSeconds: &seconds}
	if !r.relist {
		opts.ResourceVersion = r.checkpoint
		return opts
	}
	yes := true
	opts.SendInitialEvents = &yes
	opts.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	return opts
}

// send hands an event over, for as long as the reader takes.
func (r *session) send(ctx context.Context, kind Kind, object Object, rv string) error {
	ev := Event{
		Kind: kind, Resource: r.name, Stream: r.Namespace, Object: object,
		ResourceVersion: rv, Received: time.Now(), pool: &r.memory,
	}
	select {
	case r.out <- ev:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startList announces a list. The list before, if any, counts no more.
func (r *session) startList(ctx context.Context) error {
	r.objects, r.listed = 0, time.Now()
	return r.send(ctx, Listing, nil, r.checkpoint)
}

// finishList makes rv the checkpoint; from there the watch goes on.
func (r *session) finishList(ctx context.Context, rv string) error {
	if err := r.send(ctx, Listed, nil, rv); err != nil {
		return err
	}
	r.tellListed(ctx, rv)
	r.checkpoint = rv
	r.relist, r.gap = false, nil
	r.doubt, r.known = false, nil
	r.cuts, r.expired, r.stuck, r.stalls = 0, 0, 0, 0
	r.synced.Store(true)
	return nil
}
