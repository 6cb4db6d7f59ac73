package owner

import (
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// What the cache keeps, under which key, and for how long
//
// The key is the pod's namespace, its whole reference to its controller, and in most
// cases the revision of its template. The pods of a rollout have the key in common, so
// a thousand of them share one look-up and one chain. The key has everything that a
// look-up depends on: the creator of a pod writes its references, and a pod with the
// uid of another's controller must neither spoil nor get that one's chain.
//
// A StatefulSet or DaemonSet stays the same object while its labels move to the next
// version. With the revision in the key the pods of the next rollout are looked up
// afresh, and those of the previous one keep their chain. A ReplicaSet is the object of
// one rollout. Its key has no revision: that is a label, and the creator of a pod could
// make up many, each of which costs look-ups and memory.
//
// A chain is used for TTL after it was found. Then it is looked up again, because
// labels may change without a rollout, but it stays in use meanwhile: no pod waits for
// a renewal.
//
// No look-up removes an owner that an earlier one has found. A Deployment that is being
// deleted goes before its pods, and their last records must still have it. So the chain
// stays if the new look-up failed, or could read fewer owners.
//
// Chains that were not found are kept too, but they are looked up again sooner, and
// then pods wait for them: after GoneTTL if the first owner was missing, after
// ForbiddenTTL if an owner may not be read, after RetryAfter if the look-up failed.
// Only the last is pending: how the chain ends is still open.
//
// The least recently used chains make way for new ones if there are too many or they
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
)

// key identifies the pods of a rollout.
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
	bytes int                // its memory, about, once it is in a cache
}

// useful reports whether pods can have the chain although a new look-up is due.
func (e entry) useful() bool { return e.known > 0 && !e.chain.Pending }

// entryOf returns the entry for a finding that takes the place of old, zero for none.
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

// cache holds chains. Not safe for concurrent use.
type cache struct {
	*simplelru.LRU[key, entry]
	bytes int // of all entries
}

func newCache(size int) *cache {
	c := new(cache)
	c.LRU = newLRU(size, func(_ key, e entry) { c.bytes -= e.bytes })
	return c
}

// put replaces the entry of a key, and drops the least recently used until all fit.
func (c *cache) put(k key, e entry) {
	e.bytes = bytesOf(e.chain)
	c.Remove(k)
	c.bytes += e.bytes
	c.Add(k, e)
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
