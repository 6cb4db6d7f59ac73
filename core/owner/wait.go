package owner

import (
	"context"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// waiter is a pod whose chain is being looked up.
type waiter struct {
	pod    *record.Pod
	flight *flight
	limit  time.Duration // how long the pod may wait
	reason string        // why it waits no longer
}

// setOwners sets the chain of the flight, or a pending one if the flight is not done.
func (w waiter) setOwners() (done bool) {
	select {
	case <-w.flight.done:
		w.pod.Owners = w.flight.chain
		return true
	default:
		w.pod.Owners = pending(w.pod.Controller, w.reason)
		return false
	}
}

// wait waits for each flight for as long as its namespace may, and sets the chains of the
// pods.
func (f *Finder) wait(ctx context.Context, waiters []waiter) {
	began := time.Now()
	f.limit(waiters, began)
	timer := time.NewTimer(0)
	defer timer.Stop()
	last := began
	for _, w := range waiters {
		timer.Reset(w.limit - time.Since(began))
		select {
		case <-w.flight.done:
		case <-timer.C:
		case <-ctx.Done():
		case <-f.closed:
		}
		now := time.Now()
		if done := w.setOwners(); !done || !w.flight.free {
			f.charge(w.flight.share, now.Sub(last), now, done)
		}
		last = now
	}
	f.chargeAll(last.Sub(began)-f.settings.shortWait(), last)
}

// limit sets how long each pod may wait. Those whose look-up won't begin in time don't
// wait at all.
func (f *Finder) limit(waiters []waiter, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	common := min(f.settings.Timeout, f.settings.shortWait()+seconds(f.waiting.left(now)))
	rate := workers / max(f.took, time.Millisecond).Seconds()
	const usual = 2 // requests of a look-up
	if f.source.client.limiter.Tokens() < float64(usual*(f.queue.size+1)) {
		common = min(common, f.settings.busyWait())
		rate = min(rate, f.settings.Rate/usual)
	}
	for i := range waiters {
		w := &waiters[i]
		sh := w.flight.share
		w.limit, w.reason = common, ReasonDeadline
		if !sh.proven {
			w.limit = min(common, f.settings.newWait(), seconds(sh.waiting.left(now)))
		}
		if f.queue.delay(sh, rate) > w.limit {
			w.limit, w.reason = 0, ReasonBusy
		}
	}
}

// charge charges a wait to a share.
func (f *Finder) charge(sh *share, wait time.Duration, now time.Time, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sh.waiting.spend(wait.Seconds(), now)
	sh.proven = sh.proven && done
}

// chargeAll charges the part of a wait that was longer than usual.
func (f *Finder) chargeAll(wait time.Duration, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting.spend(max(0, wait).Seconds(), now)
}

func seconds(n float64) time.Duration { return time.Duration(max(0, n) * float64(time.Second)) }
