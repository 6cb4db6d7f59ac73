package owner

import (
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// What is kept, under which key, and for how long
//
// The key is the pod's namespace, its whole reference to its controller, and in
// most cases the revision of its template. The pods of one rollout have them in
// common, so they share one look-up and one chain, a thousand of them as well as
// one. All that a look-up goes by is in the key: whoever creates a pod writes its
// references, and one with the uid of another's controller must not spoil, nor
// get, what that one's pods get.
//
// A StatefulSet or DaemonSet stays the same object while its labels move on to the
// next version; with the revision in the key the pods of the next rollout are
// looked up afresh, and those of the one before keep what was true in its time. A
// ReplicaSet is the object of one rollout. There the revision is left out: it is
// a label, and a pod's author could make up many, each costing look-ups and memory.
//
// A chain that was found is used for TTL. Then it is looked up again, because
// labels may change without a rollout, but it is in use meanwhile: nobody waits
// for a renewal.
//
// No look-up takes away what an earlier one has found. A Deployment that is being
// deleted goes before its pods, and their last records must still have it. So
// the chain stays if the new look-up failed, or could read fewer owners.
//
// What was not found is kept too, but it is looked up again sooner, and then it
// is waited for: after GoneTTL where the first owner was not there, after
// ForbiddenTTL where one may not be read, after RetryAfter where the look-up
// failed. Only the last is pending: the server has not said how the chain ends.
//
// The least recently used chains make way for new ones, where there are too many
// or they take too much memory.

const (
	// maxBytes bounds the memory of a cache, as its number of chains doesn't: with
	// long annotations one may have half a megabyte. Where they are short, as they
	// mostly are, DefaultCacheSize chains take a third of it.
	maxBytes = 32 << 20

	// What an owner takes besides its strings, and with its share of the entry, and
	// what each of its labels and annotations takes: about as measured.
	ownerBytes = 960
	pairBytes  = 64
)

// key is what the pods of one rollout have in common.
type key struct {
	namespace string
	first     record.OwnerRef
	revision  string
}

func keyOf(pod *record.Pod) key {
	if pod.Controller.Kind == "ReplicaSet" {
		return key{namespace: pod.Namespace, first: pod.Controller}
	}
	revision, ok := pod.Labels.Get("pod-template-hash")
	if !ok {
		revision, _ = pod.Labels.Get("controller-revision-hash")
	}
	return key{pod.Namespace, pod.Controller, revision}
}

// clone returns a key that doesn't hold the pod's labels in memory.
func (k key) clone() key { return key{k.namespace, k.first, strings.Clone(k.revision)} }

// entry is a chain that is kept.
type entry struct {
	chain *record.OwnerChain // never nil
	known int                // how many of the owners were read
	until time.Time          // the next look-up is due
	bytes int                // about what it takes, once it is in a cache
}

// useful reports whether a chain may be given although a new look-up is due.
func (e entry) useful() bool { return e.known > 0 && !e.chain.Pending }

// entryOf returns what is to be kept of a finding; old is what was kept so far,
// zero for nothing.
func (s Settings) entryOf(f finding, old entry, now time.Time) entry {
	failed := f.outcome == OutcomeTimeout || f.outcome == OutcomeFailed
	e := entry{
		chain: &record.OwnerChain{Owners: f.owners, Pending: failed},
		known: f.known,
	}
	if old.chain != nil && (failed && !old.chain.Pending || f.err != nil && f.known < old.known) {
		e = old
	}
	e.until = s.due(f, e, now)
	return e
}

// due returns when the owners are to be looked up again.
func (s Settings) due(f finding, e entry, now time.Time) time.Time {
	var denied *forbiddenError
	switch {
	case errors.As(f.err, &denied):
		return denied.until
	case f.outcome == OutcomeGone && e.known == 0:
		return now.Add(s.GoneTTL)
	case f.outcome == OutcomeTimeout || f.outcome == OutcomeFailed:
		return now.Add(s.RetryAfter)
	}
	return now.Add(s.TTL)
}

// cache holds chains. Its user guards it.
type cache struct {
	*simplelru.LRU[key, entry]
	bytes int // of all entries
}

func newCache(size int) *cache {
	c := new(cache)
	c.LRU = newLRU(size, func(_ key, e entry) { c.bytes -= e.bytes })
	return c
}

// put keeps an entry in the place of the one before, and drops the least recently
// used until all fit.
func (c *cache) put(k key, e entry) {
	e.bytes = bytesOf(e.chain)
	c.Remove(k)
	c.bytes += e.bytes
	c.Add(k, e)
	for c.bytes > maxBytes {
		c.RemoveOldest()
	}
}

// bytesOf returns about what a chain takes in the cache. References count too: the
// API server doesn't bound their length.
func bytesOf(chain *record.OwnerChain) int {
	size := chain.Size()
	for _, o := range chain.Owners {
		size += ownerBytes + len(o.APIVersion) + len(o.Kind) + len(o.Name) + len(o.UID)
		size += pairBytes * (len(o.Labels) + len(o.Annotations))
	}
	return size
}

// newLRU returns a cache that its user guards. It tells removed, if not nil, what
// is no longer kept.
func newLRU[K comparable, V any](size int, removed func(K, V)) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU(size, removed)
	if err != nil {
		panic(err) // the size is positive, by its default
	}
	return lru
}
