package apiscript

import (
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/watch"
)

func (st *stream) sendInitial() error {
	for i, e := range st.initial {
		if i == st.cutList {
			return st.abort()
		}
		if err := st.send(e.frame(st.collection, st.query.media, watch.Added)); err != nil {
			return err
		}
	}
	if st.cutList >= 0 {
		return st.abort()
	}
	st.initial = nil
	return nil
}

// abort cuts the connection behind the frames that were written so far.
func (st *stream) abort() error {
	_ = st.flush()
	return http.ErrAbortHandler
}

// sendEntry sends the entry if it belongs to the stream. Like the real server it
// leaves out entries from before the stream's beginning, even if that lies in the
// future, and bookmarks before the one that ends its list.
func (st *stream) sendEntry(e *entry) error {
	t := st.query.view(e)
	switch {
	case t == "" || e.rv < st.query.rv:
		return nil
	case t == watch.Bookmark && !e.end && (!st.query.bookmarks || st.endMark > 0):
		return nil
	}
	return st.send(e.frame(st.collection, st.query.media, t))
}

func (st *stream) send(frame []byte) error {
	st.collection.server.mu.Lock()
	half, cut := st.half, st.cut
	st.collection.server.mu.Unlock()
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
