package apiscript

import (
	"bufio"
	"context"
	"errors"
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
	collection *Collection
	query      query
	out        *bufio.Writer
	control    *http.ResponseController
	wake       chan struct{} // capacity 1

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

// ending is how a stream ends that the script or the history ends.
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

// step sends the entries that there are, or waits for more.
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

// next takes entries from the history, or returns how the stream ends.
func (st *stream) next() ([]*entry, error) {
	c := st.collection
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	st.judge()
	switch {
	case st.cut:
		return nil, http.ErrAbortHandler
	case c.server.hang != nil:
		return nil, nil
	case st.position < c.store.first: // slower than the history
		return nil, errEnd
	case st.ending != nil && st.position >= st.ending.at:
		return nil, st.finish()
	case st.endMark > 0 && !c.faults.holdList:
		mark := &entry{rv: st.endMark, kind: watch.Bookmark, end: true}
		st.endMark = 0
		return []*entry{mark}, nil
	}
	return st.take(), nil
}

// judge ends a stream that is too slow. Like the real server it counts only the
// changes since the watch was opened, and closes the watch in good order once the
// client has read the pending ones.
func (st *stream) judge() {
	c := st.collection
	since, pending := max(st.position, st.live), uint64(c.server.opts.pending)
	if st.ending == nil && c.store.end()-since > pending {
		st.ending = &ending{at: since + pending}
	}
}

func (st *stream) take() []*entry {
	limit := batch
	if st.ending != nil {
		limit = min(limit, int(st.ending.at-st.position))
	}
	entries := st.collection.store.since(st.position, limit)
	st.position += uint64(len(entries))
	if n := len(entries); n > 0 && st.endMark > 0 {
		st.endMark = entries[n-1].rv
	}
	return entries
}

func (st *stream) finish() error {
	if st.ending.status != nil {
		_, _ = st.out.Write(st.collection.server.codec.errorFrame(st.query.media, st.ending.status))
	}
	return errEnd
}
