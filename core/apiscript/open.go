package apiscript

import (
	"bufio"
	"context"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (c *Collection) serveWatch(w http.ResponseWriter, r *http.Request, q query) {
	st := &stream{
		collection: c, query: q, cutList: -1,
		out:     bufio.NewWriterSize(w, 64<<10),
		control: http.NewResponseController(w),
		wake:    make(chan struct{}, 1),
	}
	if failure := c.open(st); failure != nil {
		c.server.fail(w, q.media, failure)
		return
	}
	defer c.drop(st)
	w.Header().Set("Content-Type", c.server.codec.streamType(q.media))
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

// open decides where the stream begins, and adds it to the open ones.
func (c *Collection) open(st *stream) (failure *metav1.Status) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	q := &st.query
	st.position = c.store.end()
	if q.initial && c.faults.refuseList {
		return refused()
	}
	if status := take(&c.faults.errors); status != nil {
		st.ending = &ending{status: status}
	}
	switch {
	case q.initial || q.fromNothing:
		c.openList(st)
	case q.rv < c.store.floor:
		if c.server.opts.httpGone {
			return gone(q.rv, c.store.floor)
		}
		st.ending = &ending{status: gone(q.rv, c.store.floor)}
	default:
		st.position = c.store.after(q.rv)
	}
	st.live = c.store.end()
	c.streams[st] = struct{}{}
	return nil
}

func (c *Collection) openList(st *stream) {
	st.initial = c.store.snapshot(st.query.selection)
	if st.query.initial && !c.faults.ignoreList {
		st.endMark = c.store.rv
	}
	if n := c.faults.cutList; n >= 0 {
		st.cutList, c.faults.cutList = n, -1
	}
}

func (c *Collection) drop(st *stream) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.streams, st)
}
