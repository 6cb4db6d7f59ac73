package owner

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// logEvery is how often it is logged that look-ups fail.
const logEvery = time.Minute

// Finder finds the owners of pods. Its methods are safe for concurrent use.
type Finder struct {
	settings Settings
	source   *source
	none     *record.OwnerChain // of pods without a controller
	failing  rate.Sometimes

	mu      sync.Mutex // guards chains and flights
	chains  *cache
	flights map[key]*flight
	queue   chan *flight

	stop    context.CancelFunc
	closed  <-chan struct{}
	working sync.WaitGroup
}

// New returns a Finder, which the caller closes. It makes no request before the
// first pod needs one.
func New(s Settings) (*Finder, error) {
	if s.Config == nil {
		return nil, errors.New("create owner finder: no API server is configured")
	}
	s = s.withDefaults()
	src, err := newSource(s)
	if err != nil {
		return nil, err
	}
	// client-go would log each broken answer as an error; we log at our own rate.
	ctx, stop := context.WithCancel(logr.NewContext(context.Background(), logr.Discard()))
	f := &Finder{
		settings: s, source: src,
		none:    new(record.OwnerChain),
		failing: rate.Sometimes{Interval: logEvery},
		chains:  newCache(s.CacheSize),
		flights: map[key]*flight{},
		queue:   make(chan *flight, maxQueue),
		stop:    stop, closed: ctx.Done(),
	}
	for range workers {
		f.working.Go(func() { f.work(ctx) })
	}
	return f, nil
}

// Close ends the look-ups that are under way and waits for them. Afterwards Find
// gives what is known already, and doesn't wait.
func (f *Finder) Close() {
	f.stop()
	f.working.Wait()
}

// Find sets the Owners of every pod. Those that are known it gives at once; for
// the others it waits, for all of them together no longer than Timeout or ctx
// allow. A pod whose owners are not known by then gets a chain that is Pending
// and names its controller; the look-up goes on, so the next Find may know them.
// A pod without a controller gets an empty chain.
//
// The chains are shared and must not be changed. The pods are the caller's.
func (f *Finder) Find(ctx context.Context, pods []*record.Pod) {
	waiters, refused := f.give(pods, time.Now())
	for range refused {
		f.settings.OnLookup(OutcomeBusy)
	}
	if len(waiters) > 0 {
		f.wait(ctx, waiters)
	}
}

// give gives each pod the chain that is kept, and returns the pods that have to
// wait for one, and how many look-ups were due but refused.
func (f *Finder) give(pods []*record.Pod, now time.Time) (waiters []waiter, refused int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, pod := range pods {
		switch {
		case pod.Controller == (record.OwnerRef{}):
			pod.Owners = f.none
			continue
		case pod.Controller.UID == "": // only in pods written by hand
			pod.Owners = unknown(pod, false)
			continue
		}
		k := keyOf(pod)
		e, kept := f.chains.Get(k)
		if kept {
			pod.Owners = e.chain
			if now.Before(e.until) {
				continue
			}
		}
		fl := f.launch(k)
		switch {
		case fl == nil:
			refused++
			if !kept {
				pod.Owners = unknown(pod, true)
			}
		case !e.useful():
			waiters = append(waiters, waiter{pod, fl})
		}
	}
	return waiters, refused
}
