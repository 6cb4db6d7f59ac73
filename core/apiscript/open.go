package apiscript

import (
	"bufio"
	"context"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Streams returns the number of open watches.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request, q query) {
	st := &stream{
		server: s, query: q, cutList: -1,
		out:     bufio.NewWriterSize(w, 64<<10),
		control: http.NewResponseController(w),
		wake:    make(chan struct{}, 1),
	}
	if failure := s.open(st); failure != nil {
		s.fail(w, q.media, failure)
		return
	}
	defer s.drop(st)
	w.Header().Set("Content-Type", s.codec.streamType(q.media))
	ctx := r.Context()
	if q.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(q.timeout)*time.Second)
		defer cancel()
	}
	if err := st.run(ctx); err != nil {
		panic(http.ErrAbortHandler) // closes the connection or resets the HTTP/2 stream
	}
}

// open decides where the stream begins, and makes it one of the server's.
func (s *Server) open(st *stream) (failure *metav1.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &st.query
	st.position = s.store.end()
	if q.initial && s.faults.refuseList {
		return refused()
	}
	if status := take(&s.faults.errors); status != nil {
		st.ending = &ending{status: status}
	}
	switch {
	case q.initial || q.fromNothing:
		s.openList(st)
	case q.rv < s.store.floor:
		if s.opts.httpGone {
			return gone(q.rv, s.store.floor)
		}
		st.ending = &ending{status: gone(q.rv, s.store.floor)}
	default:
		st.position = s.store.after(q.rv)
	}
	st.live = s.store.end()
	s.streams[st] = struct{}{}
	return nil
}

func (s *Server) openList(st *stream) {
	st.initial = s.store.snapshot(st.query.selection)
	if st.query.initial && !s.faults.ignoreList {
		st.endMark = s.store.rv
	}
	if n := s.faults.cutList; n >= 0 {
		st.cutList, s.faults.cutList = n, -1
	}
}

func (s *Server) drop(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, st)
}

// refused is what a server says that has streaming lists switched off.
func refused() *metav1.Status {
	err := apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", nil)
	err.ErrStatus.Message = `ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled`
	return &err.ErrStatus
}
