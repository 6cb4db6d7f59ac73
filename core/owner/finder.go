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
	lists    *lists

	mu      sync.Mutex // guards the fields up to queued
	chains  *cache
	flights map[flightKey]*flight
	queue   queue
	shares  shares
	waiting bucket // seconds of long waits
	seen    seen
	took    time.Duration // by a look-up, on average
	queued  chan struct{} // wakes a worker

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
		flights: map[flightKey]*flight{},
		shares:  newShares(s.Timeout),
		waiting: newBucket(2*s.Timeout.Seconds(), longWaitRate, time.Now()),
		seen:    newSeen(),
		queued:  make(chan struct{}, maxQueue),
		stop:    stop, closed: ctx.Done(),
	}
	f.lists = newLists(s, src, func(list func(context.Context)) { f.working.Go(func() { list(ctx) }) })
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
	f.lists.close()
}

// Find sets the Owners of every pod. If some are not cached it waits for them, for all
// together no longer than Timeout or ctx allow, and for less if the pods' namespaces have
// spent their share. A pod whose owners are still unknown then gets a chain that is Pending
// with the reason, and names its controller; the look-up continues, so that the next Find
// may have them. A pod without a controller gets an empty chain.
//
// The chains are shared and must not be changed. The pods are the caller's.
func (f *Finder) Find(ctx context.Context, pods []*record.Pod) {
	if waiters := f.setCached(pods, false); len(waiters) > 0 {
		f.wait(ctx, waiters)
	}
}

// setCached sets the chains that are cached or can't be looked up. It returns the pods
// that have to wait for one. Initial pods also get owners that were listed.
func (f *Finder) setCached(pods []*record.Pod, initial bool) []waiter {
	waiters, refused := f.assign(pods, initial, time.Now())
	for range refused {
		f.settings.OnLookup(OutcomeBusy)
	}
	return waiters
}

// assign is setCached, and counts the look-ups that were due but refused.
func (f *Finder) assign(pods []*record.Pod, initial bool, now time.Time) (waiters []waiter, refused int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, pod := range pods {
		if pod.Controller == (record.OwnerRef{}) {
			pod.Owners = f.none
			continue
		}
		k := flightKey{keyOf(pod), revisionOf(pod)}
		e, due := f.chains.find(k.key, k.revision, now)
		if e != nil {
			pod.Owners = e.chain
			if !due {
				continue
			}
		}
		if e = f.known(k, e, initial, now); e != nil {
			pod.Owners = e.chain
			continue
		}
		w, why := f.lookUpLater(pod, k, initial, now)
		switch {
		case why != "":
			refused++
		case w.flight != nil:
			waiters = append(waiters, w)
		}
	}
	return waiters, refused
}

// known returns the chain of a key that needs no request, and caches it; nil if it needs
// one. e is the one that is cached, nil if there is none. The mutex is held.
func (f *Finder) known(k flightKey, e *entry, initial bool, now time.Time) *entry {
	var found entry
	switch {
	case !isLookedUp(k.first):
		found = entry{chain: &record.OwnerChain{Owners: []record.Owner{{OwnerRef: k.first}}}}
	case initial && (e == nil || !e.useful()):
		owners, ok := f.lists.chain(k.namespace, k.first)
		if !ok {
			return nil
		}
		found = entry{chain: &record.OwnerChain{Owners: owners}, known: len(owners)}
	default:
		return nil
	}
	found.until = now.Add(f.settings.TTL)
	if e != nil || f.chains.Len() < f.settings.CacheSize { // more would only take turns
		f.chains.put(k.key, k.revision, found, now)
	}
	return &found
}

// isLookedUp reports whether the owner is requested. Pods written by hand may lack its uid.
// The pods of a node are its static ones, which are in every cluster: nothing about a
// bundle is on the node, and nobody grants the right to read it for that.
func isLookedUp(first record.OwnerRef) bool {
	return first.UID != "" && (first.Kind != "Node" || first.APIVersion != "v1")
}

// lookUpLater starts the look-up of a pod's owners. It returns the pod as a waiter unless
// it has owners that it can use meanwhile, or why there is no look-up. The mutex is held.
func (f *Finder) lookUpLater(pod *record.Pod, k flightKey, initial bool, now time.Time) (w waiter, refused string) {
	sh := f.shares.of(k.namespace, now)
	e := f.chains.peek(k.key, k.revision)
	if e.useful() && sh.requests.left(now) < renewalReserve {
		return waiter{}, "" // the renewal has time
	}
	fl, refused := f.start(k, sh, initial, now)
	switch {
	case refused != "":
		if e.chain == nil {
			pod.Owners = pending(pod.Controller, refused)
		}
		return waiter{}, refused
	case e.useful():
		return waiter{}, ""
	}
	return waiter{pod: pod, flight: fl}, ""
}
