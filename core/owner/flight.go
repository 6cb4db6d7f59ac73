package owner

import (
	"context"
	"log/slog"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

const (
	// workers is the number of requests that may be under way.
	workers = 16

	// maxQueue bounds the look-ups that wait for a worker. At DefaultRate the last of
	// them waits for ten seconds, much longer than any pod waits for it.
	maxQueue = 1024
)

// flight is a look-up that is under way, the only one for its key. It continues after
// those who wait for it have left, so that the next ones find its chain in the cache.
type flight struct {
	key   key
	done  chan struct{}
	chain *record.OwnerChain // to be read once done is closed
}

// start returns the flight for a key, nil if there are too many. The mutex is held.
func (f *Finder) start(k key) *flight {
	if fl, ok := f.flights[k]; ok {
		return fl
	}
	fl := &flight{key: k.clone(), done: make(chan struct{})}
	select {
	case f.queue <- fl:
		f.flights[fl.key] = fl
		return fl
	default:
		return nil
	}
}

// work makes the queued look-ups, until ctx ends.
func (f *Finder) work(ctx context.Context) {
	for {
		select {
		case fl := <-f.queue:
			f.lookUp(ctx, fl)
		case <-ctx.Done():
			return
		}
	}
}

func (f *Finder) lookUp(ctx context.Context, fl *flight) {
	found := f.source.lookUp(ctx, fl.key.namespace, fl.key.first)
	if ctx.Err() != nil {
		return // it failed because the Finder was closed
	}
	f.report(fl, found)
	f.mu.Lock()
	defer f.mu.Unlock()
	old, _ := f.chains.Peek(fl.key)
	e := f.settings.entryOf(found, old, time.Now())
	f.chains.put(fl.key, e)
	delete(f.flights, fl.key)
	fl.chain = e.chain
	close(fl.done)
}

// report counts every look-up, and logs those that failed, at a limited rate: all do
// while the server is away.
func (f *Finder) report(fl *flight, found finding) {
	f.settings.OnLookup(found.outcome)
	if found.outcome == OutcomeTimeout || found.outcome == OutcomeFailed {
		f.failing.Log(slog.LevelWarn, "owners: look-up failed; records go without unknown owners, and it is retried",
			"namespace", fl.key.namespace, "error", found.err)
	}
}

// waiter is a pod whose chain is being looked up.
type waiter struct {
	pod    *record.Pod
	flight *flight
}

// wait sets the chain of each pod to that of its flight, or to a pending one if the
// flight isn't done in time.
func (f *Finder) wait(ctx context.Context, waiters []waiter) {
	timer := time.NewTimer(f.settings.Timeout)
	defer timer.Stop()
	late := false
	for _, w := range waiters {
		if !late {
			select {
			case <-w.flight.done:
			case <-timer.C:
				late = true
			case <-ctx.Done():
				late = true
			case <-f.closed:
				late = true
			}
		}
		w.setOwners()
	}
}

// setOwners doesn't wait.
func (w waiter) setOwners() {
	select {
	case <-w.flight.done:
		w.pod.Owners = w.flight.chain
	default:
		w.pod.Owners = unknown(w.pod, true)
	}
}

// unknown returns a chain with the pod's own reference to its controller.
func unknown(pod *record.Pod, pending bool) *record.OwnerChain {
	return &record.OwnerChain{Owners: []record.Owner{{OwnerRef: pod.Controller}}, Pending: pending}
}
