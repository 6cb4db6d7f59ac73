package owner

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// logEvery is how often failed look-ups are logged.
const logEvery = time.Minute

// Finder finds the owners of pods. Its methods are safe for concurrent use.
type Finder struct {
	settings Settings
	source   *source
	none     *record.OwnerChain // of pods without a controller
	failing  *ratelog.Limiter

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
	// client-go would log each broken answer as an error.
	ctx, stop := context.WithCancel(logr.NewContext(context.Background(), logr.Discard()))
	f := &Finder{
		settings: s, source: src,
		none:    new(record.OwnerChain),
		failing: ratelog.New(s.Logger, logEvery),
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

// Close ends the look-ups that are under way and waits for them. Afterwards Find sets
// the chains that are cached, and doesn't wait.
func (f *Finder) Close() {
	f.stop()
	f.working.Wait()
}

// Find sets the Owners of every pod. If some are not cached it waits for them, for all
// together no longer than Timeout or ctx allow. A pod whose owners are still unknown
// then gets a chain that is Pending and names its controller; the look-up continues, so
// that the next Find may have them. A pod without a controller gets an empty chain.
//
// The chains are shared and must not be changed. The pods are the caller's.
func (f *Finder) Find(ctx context.Context, pods []*record.Pod) {
	waiters, refused := f.setCached(pods, time.Now())
	for range refused {
		f.settings.OnLookup(OutcomeBusy)
	}
	if len(waiters) > 0 {
		f.wait(ctx, waiters)
	}
}

// setCached sets the chains that are cached. It returns the pods that have to wait for
// one, and the number of look-ups that were due but refused.
func (f *Finder) setCached(pods []*record.Pod, now time.Time) (waiters []waiter, refused int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, pod := range pods {
		switch {
		case pod.Controller == (record.OwnerRef{}):
			pod.Owners = f.none
			continue
		case pod.Controller.UID == "", isNode(pod.Controller): // no UID: only in pods written by hand
			pod.Owners = unknown(pod, false)
			continue
		}
		k := keyOf(pod)
		e, cached := f.chains.Get(k)
		if cached {
			pod.Owners = e.chain
			if now.Before(e.until) {
				continue
			}
		}
		fl := f.start(k)
		switch {
		case fl == nil:
			refused++
			if !cached {
				pod.Owners = unknown(pod, true)
			}
		case !e.useful():
			waiters = append(waiters, waiter{pod, fl})
		}
	}
	return waiters, refused
}

// isNode reports whether the owner is a node, which owns its static pods. Every cluster
// has such pods, and a node's labels are not worth the right to get nodes.
func isNode(ref record.OwnerRef) bool { return ref.APIVersion == "v1" && ref.Kind == "Node" }
