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
// The key is the uid of the pod's controller with the revision of the pod's
// template. The pods of one rollout have both in common, so they share one look-up
// and one chain, a thousand of them as well as one. The uid alone would do where a
// rollout has an object of its own, as the ReplicaSet of a Deployment. A
// StatefulSet or DaemonSet stays the same object while its labels move on to the
// next version; with the revision in the key the pods of the next rollout are
// looked up afresh, and those of the one before keep what was true in its time.
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
// The least recently used chains make way for new ones.

// key is what the pods of one rollout have in common.
type key struct{ uid, revision string }

func keyOf(pod *record.Pod) key {
	revision, ok := pod.Labels.Get("pod-template-hash")
	if !ok {
		revision, _ = pod.Labels.Get("controller-revision-hash")
	}
	return key{pod.Controller.UID, revision}
}

// clone returns a key that doesn't hold the pod's labels in memory.
func (k key) clone() key { return key{k.uid, strings.Clone(k.revision)} }

// entry is a chain that is kept.
type entry struct {
	chain *record.OwnerChain // never nil
	known int                // how many of the owners were read
	until time.Time          // the next look-up is due
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

// newLRU returns a cache that its user guards.
func newLRU[K comparable, V any](size int) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU[K, V](size, nil)
	if err != nil {
		panic(err) // the size is positive, by its default
	}
	return lru
}
