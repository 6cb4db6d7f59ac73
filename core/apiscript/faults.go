package apiscript

import (
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// faults are what the script has ordered for requests to come. Guarded by the
// server's mutex.
type faults struct {
	fail       []*metav1.Status // one per request, nil to let it pass
	errors     []*metav1.Status // one per watch
	refuseList bool
	ignoreList bool
	holdList   bool
	forbidList bool
	hangList   bool
	cutList    int           // items before a list is cut; -1 = not
	hang       chan struct{} // open while the server hangs; nil = it doesn't
}

// FailNext answers the next n lists and watches with an HTTP status.
// retryAfter, where it is at least a second, goes into the header and the
// Status; reason "" stands for the usual one of that code.
func (s *Server) FailNext(n, status int, retryAfter time.Duration, reason metav1.StatusReason) {
	st := statusOf(status, retryAfter, reason)
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults.fail = append(s.faults.fail, st)
	}
}

// PassNext lets n lists and watches through before what is ordered after it.
func (s *Server) PassNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.fail = append(s.faults.fail, make([]*metav1.Status, n)...)
}

// FailNextStatus is [Server.FailNext] with a Status of the caller's making.
func (s *Server) FailNextStatus(n int, status metav1.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults.fail = append(s.faults.fail, &status)
	}
}

// ErrorNext accepts the next n watches and ends each with an ERROR event.
func (s *Server) ErrorNext(n int, status metav1.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults.errors = append(s.faults.errors, &status)
	}
}

// ErrorEvent ends every open stream with an ERROR event, behind the changes so
// far.
func (s *Server) ErrorEvent(status metav1.Status) { s.endStreams(ending{status: &status}) }

// EndStreams ends every open stream in good order, behind the changes so far.
func (s *Server) EndStreams() { s.endStreams(ending{}) }

// CutStreams cuts the connection of every open stream at once, between two
// frames or not at all: what was not written yet is not written.
func (s *Server) CutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.streams {
		st.cut = true
		_ = st.control.SetWriteDeadline(time.Now()) // releases a write that blocks
		st.wakeUp()
	}
}

// CutMidFrame lets every open stream write only half of its next event and cuts
// the connection then.
func (s *Server) CutMidFrame() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.streams {
		st.half = true
	}
}

// CutListAfter cuts the next list: a streaming one after n items, one in pages
// within the page that holds the item n+1.
func (s *Server) CutListAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.cutList = n
}

// Expire forgets the history and the snapshots behind continue tokens: later
// watches from an older resourceVersion than now's get 410, and so do later
// pages. Open streams go on.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.expire()
}

// RefuseStreamingLists answers streaming lists with 422 Invalid, as servers
// without that feature do.
func (s *Server) RefuseStreamingLists(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.refuseList = on
}

// IgnoreStreamingLists takes a streaming list for a plain watch: the pods that
// exist come as ADDED, but nothing marks their end.
func (s *Server) IgnoreStreamingLists(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.ignoreList = on
}

// HoldLists withholds the bookmark that ends a streaming list, until it is
// called with false; changes go through meanwhile, as the real server's may.
func (s *Server) HoldLists(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.holdList = on
	s.wake()
}

// ForbidLists answers lists with 403, as a server does whose client has the right
// to watch and no other.
func (s *Server) ForbidLists(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.forbidList = on
}

// HangLists gives lists no answer, for as long as their clients wait.
func (s *Server) HangLists(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.hangList = on
}

// Rewind forgets all pods and their history and goes on behind the
// resourceVersion rv: so does a server whose etcd was restored from a backup,
// which the script then creates, and so looks another cluster at the same address.
// Open streams end. A real server takes a restart for it, see [Server.Down].
func (s *Server) Rewind(rv uint64) {
	s.endStreams(ending{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.rewind(rv)
}

// Hang silences the server until [Server.Resume]: open streams get nothing, not
// even bookmarks, and new requests no answer.
func (s *Server) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.hang == nil {
		s.faults.hang = make(chan struct{})
	}
}

// Resume ends [Server.Hang].
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.hang != nil {
		close(s.faults.hang)
		s.faults.hang = nil
	}
	s.wake()
}

func (s *Server) endStreams(e ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.at = s.store.end()
	for st := range s.streams {
		st.ending = &e
		st.wakeUp()
	}
}

// takeFailure returns the Status that the next request is to fail with, if any.
func (f *faults) takeFailure(list bool) *metav1.Status {
	if list && f.forbidList {
		return statusOf(http.StatusForbidden, 0, "")
	}
	return take(&f.fail)
}

func take(list *[]*metav1.Status) *metav1.Status {
	if len(*list) == 0 {
		return nil
	}
	first := (*list)[0]
	*list = (*list)[1:]
	return first
}

func statusOf(code int, retryAfter time.Duration, reason metav1.StatusReason) *metav1.Status {
	seconds := int(retryAfter / time.Second)
	st := apierrors.NewGenericServerResponse(code, "watch", pods(), "", "scripted failure", seconds, false).Status()
	switch code {
	case http.StatusForbidden:
		st.Message = `pods is forbidden: User "apiscript" cannot watch resource "pods" in API group "" at the cluster scope`
	case http.StatusGone:
		st.Reason = metav1.StatusReasonExpired
	}
	if reason != "" {
		st.Reason = reason
	}
	return &st
}

// TooLarge is what the real server says of a resourceVersion that it has not
// come to yet, for [Server.FailNextStatus] and [Server.ErrorNext].
func TooLarge() metav1.Status {
	st := apierrors.NewTimeoutError("Too large resource version: 9999, current: 1000", 0).Status()
	st.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return st
}

// gone is what the real server says of a resourceVersion before its history.
func gone(rv, oldest uint64) *metav1.Status {
	st := apierrors.NewResourceExpired("too old resource version: " + formatRV(rv) + " (" + formatRV(oldest) + ")").Status()
	return &st
}

func pods() schema.GroupResource { return schema.GroupResource{Resource: "pods"} }

func errorFrame(c *codec, m media, st *metav1.Status) []byte {
	status := *st
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	return c.frame(m, watch.Error, &status)
}
