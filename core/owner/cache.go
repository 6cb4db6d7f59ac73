package owner

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// What the cache keeps, under which key, and for how long
//
// The key is the pod's namespace and its whole reference to its controller. The pods of a
// workload have it in common, so a thousand of them share one look-up and one chain. The
// key has everything that a look-up depends on: the creator of a pod writes its
// references, and a pod with the uid of another's controller must neither spoil nor get
// that one's chain.
//
// A ReplicaSet is the object of one rollout. A StatefulSet or DaemonSet stays the same
// object while its labels move to the next version, so a key has a chain for each of the
// last few revisions of the template: the pods of the next rollout are looked up afresh,
// and those of the previous one keep their chain. The revision is a label, which the
// creator of a pod can change at any time. So a key has a budget for new revisions. Once
// it is spent, a pod with a new revision gets the chain of the newest one.
//
// A chain is used for TTL after it was found. Then it is looked up again, because labels
// may change without a rollout, but it stays in use meanwhile: no pod waits for a renewal.
//
// No look-up removes an owner that an earlier one has found. A Deployment that is being
// deleted goes before its pods, and their last records must still have it. So the chain
// stays if the new look-up failed, or could read fewer owners.
//
// Chains that were not found are kept too, but they are looked up again sooner, and then
// pods wait for them: after GoneTTL if the first owner was missing, after ForbiddenTTL if
// an owner may not be read, after RetryAfter if the look-up failed, or when the API server
// asks for it. Only the last two are pending: how the chain ends is still open.
//
// The least recently used keys make way for new ones if there are too many or their chains
// take too much memory.

const (
	// maxBytes bounds the memory of a cache, as its number of chains doesn't: with long
	// annotations a chain may have half a megabyte. With the usual short ones
	// DefaultCacheSize chains take a third of it.
	maxBytes = 32 << 20

	// The memory of an owner besides its strings, with its share of the entry, and of
	// each label and annotation: about as measured.
	ownerBytes = 960
	pairBytes  = 64

	// maxRevisions is the number of revisions of a key that have a chain of their own.
	maxRevisions = 4

	// A key has revisionBurst look-ups for new revisions at once, and revisionRate a
	// second. That leaves 1,000 pods whose label changes all the time 16 look-ups a second.
	revisionBurst = 3
	revisionRate  = 1.0 / 60
)

// key identifies the pods of a workload.
type key struct {
	namespace string
	first     record.OwnerRef
}

func keyOf(pod *record.Pod) key { return key{pod.Namespace, pod.Controller} }

// revisionOf returns the revision of a pod's template, "" for a ReplicaSet: its uid is as
// specific.
func revisionOf(pod *record.Pod) string {
	if pod.Controller.Kind == "ReplicaSet" {
		return ""
	}
	revision, ok := pod.Labels.Get("pod-template-hash")
	if !ok {
		revision, _ = pod.Labels.Get("controller-revision-hash")
	}
	return revision
}

// workload has the chains of a key.
type workload struct {
	revisions []revision // at least one, the newest last
	fresh     bucket     // look-ups for new revisions
	bytes     int        // of all chains, about
}

type revision struct {
	name string
	entry
}

// of returns the chain of a revision, nil if it has none.
func (w *workload) of(name string) *entry {
	for i := range w.revisions {
		if w.revisions[i].name == name {
			return &w.revisions[i].entry
		}
	}
	return nil
}

// newest returns the chain of the newest revision.
func (w *workload) newest() *entry { return &w.revisions[len(w.revisions)-1].entry }

// set replaces the chain of a revision, or adds it as the newest one.
func (w *workload) set(name string, e entry) {
	if old := w.of(name); old != nil {
		*old = e
	} else {
		if len(w.revisions) == maxRevisions {
			w.revisions = slices.Delete(w.revisions, 0, 1)
		}
		w.revisions = append(w.revisions, revision{strings.Clone(name), e})
	}
	w.bytes = 0
	for i := range w.revisions {
		w.bytes += bytesOf(w.revisions[i].chain) + len(w.revisions[i].name)
	}
}

// entry is a chain that is kept.
type entry struct {
	chain *record.OwnerChain // never nil
	known int                // how many of the owners were read
	until time.Time          // the next look-up is due
}

// useful reports whether pods can have the chain although a new look-up is due.
func (e entry) useful() bool { return e.known > 0 && !e.chain.Pending }

// entryOf returns the entry for a finding that takes the place of old, zero for none.
func (s Settings) entryOf(f finding, old entry, now time.Time) entry {
	failed := f.failed()
	e := entry{
		chain: &record.OwnerChain{Owners: f.owners, Pending: failed},
		known: f.known,
	}
	if failed {
		e.chain.Reason = reasonOf(f.outcome)
	}
	if old.chain != nil && (failed && !old.chain.Pending || f.err != nil && f.known < old.known) {
		e = old
	}
	e.until = s.due(f, e, now)
	return e
}

// due returns when the owners are to be looked up again.
func (s Settings) due(f finding, e entry, now time.Time) time.Time {
	var denied *gate.DeniedError
	var paused *gate.PausedError
	switch {
	case errors.As(f.err, &denied):
		return denied.Until
	case errors.As(f.err, &paused):
		return paused.Until
	case f.outcome == OutcomeGone && e.known == 0:
		return now.Add(s.GoneTTL)
	case f.failed():
		return now.Add(s.RetryAfter)
	}
	return now.Add(s.TTL)
}

// cache holds the chains of workloads. Not safe for concurrent use.
type cache struct {
	*simplelru.LRU[key, *workload]
	bytes int // of all chains
}

func newCache(size int) *cache {
	c := new(cache)
	c.LRU = newLRU(size, func(_ key, w *workload) { c.bytes -= w.bytes })
	return c
}

// find returns the chain for a pod of a revision, nil if it has to be looked up. A chain
// that is not of that revision is never due.
func (c *cache) find(k key, revision string, now time.Time) (e *entry, due bool) {
	w, ok := c.Get(k)
	if !ok {
		return nil, true
	}
	if e = w.of(revision); e != nil {
		return e, !now.Before(e.until)
	}
	if w.fresh.left(now) < 1 {
		return w.newest(), false
	}
	return nil, true
}

// charge takes a look-up of a revision out of the key's budget, if the key is known with
// others.
func (c *cache) charge(k key, revision string, now time.Time) {
	if w, ok := c.Peek(k); ok && w.of(revision) == nil {
		w.fresh.spend(1, now)
	}
}

// peek returns the chain of exactly this revision, zero if there is none.
func (c *cache) peek(k key, revision string) entry {
	if w, ok := c.Peek(k); ok {
		if e := w.of(revision); e != nil {
			return *e
		}
	}
	return entry{}
}

// put replaces the chain of a key's revision, and drops the least recently used until all
// fit.
func (c *cache) put(k key, revision string, e entry, now time.Time) {
	w, ok := c.Get(k)
	if !ok {
		w = &workload{fresh: newBucket(revisionBurst, revisionRate, now)}
		c.Add(k, w)
	}
	c.bytes -= w.bytes
	w.set(revision, e)
	c.bytes += w.bytes
	for c.bytes > maxBytes {
		c.RemoveOldest()
	}
}

// bytesOf returns about how much memory a chain takes in the cache. References count
// too: the API server doesn't bound their length.
func bytesOf(chain *record.OwnerChain) int {
	size := chain.Size()
	for _, o := range chain.Owners {
		size += ownerBytes + len(o.APIVersion) + len(o.Kind) + len(o.Name) + len(o.UID)
		size += pairBytes * (len(o.Labels) + len(o.Annotations))
	}
	return size
}

// newLRU returns a cache that is not safe for concurrent use. It calls removed, unless
// nil, with each entry that leaves.
func newLRU[K comparable, V any](size int, removed func(K, V)) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU(size, removed)
	if err != nil {
		panic(err) // the size is positive, by its default
	}
	return lru
}
