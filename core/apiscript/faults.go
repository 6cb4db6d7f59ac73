package apiscript

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// faults are those that the script has ordered for requests to come. Guarded by the
// server's mutex.
type faults struct {
	fail       []*metav1.Status // one per request, nil to let it pass
	errors     []*metav1.Status // one per watch
	refuseList bool
	ignoreList bool
	holdList   bool
	forbidList bool
	hangList   bool
	cutList    int // items before a list is cut; -1 = not
}

// FailNext answers the next n lists and watches with an HTTP status. retryAfter, if
// it is at least a second, goes into the header and the Status; reason "" stands for
// the usual one of that code.
func (c *Collection) FailNext(n, status int, retryAfter time.Duration, reason metav1.StatusReason) {
	st := c.status(status, retryAfter, reason)
	c.script(func(f *faults) {
		for range n {
			f.fail = append(f.fail, st)
		}
	})
}

// FailNextStatus is [Collection.FailNext] with a Status of the caller's.
func (c *Collection) FailNextStatus(n int, status metav1.Status) {
	c.script(func(f *faults) {
		for range n {
			f.fail = append(f.fail, &status)
		}
	})
}

// PassNext lets n lists and watches through before the faults that are ordered after
// it.
func (c *Collection) PassNext(n int) {
	c.script(func(f *faults) { f.fail = append(f.fail, make([]*metav1.Status, n)...) })
}

// ErrorNext accepts the next n watches and ends each with an ERROR event.
func (c *Collection) ErrorNext(n int, status metav1.Status) {
	c.script(func(f *faults) {
		for range n {
			f.errors = append(f.errors, &status)
		}
	})
}

// CutListAfter cuts the next list: a streaming one after n items, one in pages within
// the page that holds the item n+1.
func (c *Collection) CutListAfter(n int) { c.script(func(f *faults) { f.cutList = n }) }

// RefuseStreamingLists answers streaming lists with 422 Invalid, as servers without
// that feature do.
func (c *Collection) RefuseStreamingLists(on bool) { c.script(func(f *faults) { f.refuseList = on }) }

// IgnoreStreamingLists takes a streaming list for a plain watch: the objects that
// exist come as ADDED, but nothing marks their end.
func (c *Collection) IgnoreStreamingLists(on bool) { c.script(func(f *faults) { f.ignoreList = on }) }

// HoldLists withholds the bookmark that ends a streaming list, until it is called
// with false; changes go through meanwhile, as the real server's may.
func (c *Collection) HoldLists(on bool) { c.script(func(f *faults) { f.holdList = on }) }

// ForbidLists answers lists with 403, as a server does whose client has the right to
// watch only.
func (c *Collection) ForbidLists(on bool) { c.script(func(f *faults) { f.forbidList = on }) }

// HangLists gives lists no answer, for as long as their clients wait.
func (c *Collection) HangLists(on bool) { c.script(func(f *faults) { f.hangList = on }) }

// Expire forgets the history and the snapshots behind continue tokens: later watches
// from a resourceVersion before now get 410, and so do later pages. Open streams go
// on.
func (c *Collection) Expire() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.store.expire()
}

// Rewind forgets all objects of the collection and their history, ends its streams,
// and continues behind the resourceVersion rv. So does a server whose etcd was
// restored from a backup, which the script then creates, and so looks another cluster
// at the same address. A real server restarts for it, see [Server.Down].
func (c *Collection) Rewind(rv uint64) {
	c.endStreams(ending{})
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.store.rewind(rv)
}

// script changes the faults, and has open streams look at them.
func (c *Collection) script(change func(*faults)) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	change(&c.faults)
	c.wake()
}

// takeFailure returns the Status with which the next request is to fail, if any. The
// mutex is held.
func (c *Collection) takeFailure(list bool) *metav1.Status {
	if list && c.faults.forbidList {
		return c.status(http.StatusForbidden, 0, "")
	}
	return take(&c.faults.fail)
}

func take(list *[]*metav1.Status) *metav1.Status {
	if len(*list) == 0 {
		return nil
	}
	first := (*list)[0]
	*list = (*list)[1:]
	return first
}
