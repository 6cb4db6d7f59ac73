package apiscript

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// batch is how many entries a stream takes under the lock at a time.
const batch = 128

// errEnd ends a stream in good order, any other error cuts it.
var errEnd = errors.New("stream ends")

// stream is a watch that is open: a position in the history and a connection.
type stream struct {
	server  *Server
	query   query
	out     *bufio.Writer
	control *http.ResponseController
	wake    chan struct{} // capacity 1

	// Guarded by the server's mutex.
	position uint64
	live     uint64  // the end of the history when the stream was opened
	cut      bool    // the script cuts the connection
	half     bool    // ... within the next event
	ending   *ending // the script ends the stream

	initial []*entry // of a streaming list, or of a watch from nothing
	endMark uint64   // resourceVersion of the bookmark that ends the list; 0 = none due
	cutList int      // items of initial before the connection is cut; -1 = all
}

// ending says how a stream ends that the script or the history ends.
type ending struct {
	status *metav1.Status // nil = in good order
	at     uint64         // the position behind the last entry that is still sent
}

func (st *stream) wakeUp() {
	select {
	case st.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// wake tells every stream that there is something new. The mutex is held.
func (s *Server) wake() {
	for st := range s.streams {
		st.wakeUp()
	}
}

// run writes the stream until it ends; nil is a good end.
func (st *stream) run(ctx context.Context) error {
	if err := st.flush(); err != nil { // the headers
		return err
	}
	err := st.sendInitial()
	for err == nil {
		err = st.step(ctx)
	}
	if errors.Is(err, errEnd) {
		return st.flush()
	}
	return err
}

// step sends what there is, or waits for more.
func (st *stream) step(ctx context.Context) error {
	entries, err := st.next()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := st.sendEntry(e); err != nil {
			return err
		}
	}
	if len(entries) > 0 {
		return ctxEnd(ctx)
	}
	if err := st.flush(); err != nil {
		return err
	}
	select {
	case <-st.wake:
		return nil
	case <-ctx.Done():
		return errEnd
	}
}

func ctxEnd(ctx context.Context) error {
	if ctx.Err() != nil {
		return errEnd
	}
	return nil
}

// next takes entries from the history, or says how the stream ends.
func (st *stream) next() ([]*entry, error) {
	s := st.server
	s.mu.Lock()
	defer s.mu.Unlock()
	st.judge()
	switch {
	case st.cut:
		return nil, http.ErrAbortHandler
	case s.faults.hang != nil:
		return nil, nil
	case st.position < s.store.first: // slower than the history
		return nil, errEnd
	case st.ending != nil && st.position >= st.ending.at:
		return nil, st.finish()
	case st.endMark > 0 && !s.faults.holdList:
		mark := &entry{rv: st.endMark, kind: watch.Bookmark, end: true}
		st.endMark = 0
		return []*entry{mark}, nil
	}
	return st.take(), nil
}

// judge ends a stream that is too slow. Like the real server it counts only
// what came since the watch was opened, and closes the watch in good order once
// the client has taken what was pending.
func (st *stream) judge() {
	s := st.server
	since, pending := max(st.position, st.live), uint64(s.opts.pending)
	if st.ending == nil && s.store.end()-since > pending {
		st.ending = &ending{at: since + pending}
	}
}

func (st *stream) take() []*entry {
	limit := batch
	if st.ending != nil {
		limit = min(limit, int(st.ending.at-st.position))
	}
	entries := st.server.store.since(st.position, limit)
	st.position += uint64(len(entries))
	if n := len(entries); n > 0 && st.endMark > 0 {
		st.endMark = entries[n-1].rv
	}
	return entries
}

func (st *stream) finish() error {
	if st.ending.status != nil {
		_, _ = st.out.Write(errorFrame(st.server.codec, st.query.media, st.ending.status))
	}
	return errEnd
}

func (st *stream) sendInitial() error {
	for i, e := range st.initial {
		if i == st.cutList {
			return st.abort()
		}
		if err := st.send(e.frame(st.server.codec, st.query.media, watch.Added)); err != nil {
			return err
		}
	}
	if st.cutList >= 0 {
		return st.abort()
	}
	st.initial = nil
	return nil
}

// abort cuts the connection behind what was written so far.
func (st *stream) abort() error {
	_ = st.flush()
	return http.ErrAbortHandler
}

// sendEntry sends what the stream is to see of the entry. Like the real server's
// it sees nothing from before its beginning, even if that lies in the future,
// and no bookmark before the one that ends its list.
func (st *stream) sendEntry(e *entry) error {
	t := st.query.view(e)
	switch {
	case t == "" || e.rv < st.query.rv:
		return nil
	case t == watch.Bookmark && !e.end && (!st.query.bookmarks || st.endMark > 0):
		return nil
	}
	return st.send(e.frame(st.server.codec, st.query.media, t))
}

func (st *stream) send(frame []byte) error {
	st.server.mu.Lock()
	half, cut := st.half, st.cut
	st.server.mu.Unlock()
	switch {
	case cut:
		return http.ErrAbortHandler
	case half:
		_, _ = st.out.Write(frame[:len(frame)/2])
		return st.abort()
	}
	if _, err := st.out.Write(frame); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

func (st *stream) flush() error {
	if err := st.out.Flush(); err != nil {
		return err
	}
	return st.control.Flush()
}
