package owner

import (
	"context"
	"log/slog"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// workers is the number of requests that may be under way.
const workers = 16

// flight is a look-up that is waiting or under way, the only one for its key and revision.
// It continues after those who wait for it have left, so that the next ones find its chain
// in the cache.
type flight struct {
	flightKey
	share   *share
	initial bool // listed owners are used
	done    chan struct{}

	// To be read once done is closed.
	chain *record.OwnerChain
	free  bool // the look-up found owners that were not known before
}

type flightKey struct {
	key
	revision string
}

// start returns the flight for a key. If it can't be started, the reason is returned. The
// mutex is held.
func (f *Finder) start(k flightKey, sh *share, initial bool, now time.Time) (_ *flight, refused string) {
	if fl, ok := f.flights[k]; ok {
		return fl, ""
	}
	if sh.requests.left(now) < 1 {
		return nil, ReasonShare
	}
	// The revision is a part of the pod's labels, which must not stay in memory for it.
	k.revision = clone(k.revision)
	fl := &flight{flightKey: k, share: sh, initial: initial, done: make(chan struct{})}
	dropped := f.queue.push(fl)
	if dropped == fl {
		return nil, ReasonBusy
	}
	if dropped != nil {
		f.drop(dropped)
	}
	f.flights[k] = fl
	sh.requests.spend(1, now)
	f.chains.charge(k.key, k.revision, now)
	f.wake()
	return fl, ""
}

// wake has a worker look for a queued look-up.
func (f *Finder) wake() {
	select {
	case f.queued <- struct{}{}:
	default: // as many workers are awake as there can be look-ups
	}
}

// drop ends a flight that made way for another one. The mutex is held.
func (f *Finder) drop(fl *flight) {
	f.settings.OnLookup(OutcomeBusy)
	delete(f.flights, fl.flightKey)
	fl.chain = pending(fl.first, ReasonBusy)
	close(fl.done)
}

// work makes the queued look-ups, until ctx ends.
func (f *Finder) work(ctx context.Context) {
	for {
		select {
		case <-f.queued:
		case <-ctx.Done():
			return
		}
		f.mu.Lock()
		fl := f.queue.pop()
		f.mu.Unlock()
		if fl != nil {
			f.lookUp(ctx, fl)
		}
	}
}

func (f *Finder) lookUp(ctx context.Context, fl *flight) {
	var listed *lists
	if fl.initial {
		listed = f.lists
	}
	began := time.Now()
	found := f.source.lookUp(ctx, fl.namespace, fl.first, listed)
	if ctx.Err() != nil {
		return // it failed because the Finder was closed
	}
	f.report(fl, found)
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.took = (7*f.took + now.Sub(began)) / 8
	f.settle(fl, found, now)
	if fl.share.running--; f.queue.size > 0 {
		f.wake()
	}
	e := f.settings.entryOf(found, f.chains.peek(fl.key, fl.revision), now)
	f.chains.put(fl.key, fl.revision, e, now)
	delete(f.flights, fl.flightKey)
	fl.chain = e.chain
	close(fl.done)
}

// settle charges the share of a flight with its requests, of which start has charged one.
// The mutex is held.
func (f *Finder) settle(fl *flight, found finding, now time.Time) {
	cost := found.requests - 1
	if found.outcome == OutcomeFound && f.seen.add(fl.key) {
		fl.free, fl.share.proven = true, true
		fl.share.patience = newBucket(initialPatience.Seconds(), 0, now)
		cost = -1
	}
	fl.share.requests.spend(float64(cost), now)
}

// report counts every look-up, and logs those that failed, at a limited rate: all do
// while the server is away.
func (f *Finder) report(fl *flight, found finding) {
	f.settings.OnLookup(found.outcome)
	if found.failed() {
		f.failing.Log(slog.LevelWarn, "owners: look-up failed, retrying; records lack owners that are not cached",
			"namespace", fl.namespace, "error", found.err)
	}
}

// pending returns a chain with the reference to a controller only.
func pending(first record.OwnerRef, reason string) *record.OwnerChain {
	return &record.OwnerChain{Owners: []record.Owner{{OwnerRef: first}}, Pending: true, Reason: reason}
}
