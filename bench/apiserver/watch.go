package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bookmarkEvery is a real server's interval, about.
const bookmarkEvery = time.Minute

// stream is an open watch.
type stream struct {
	*Server
	*encoding
	out       http.ResponseWriter
	buffer    []byte
	position  int // events that it has seen
	bookmarks bool
}

func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request, e *encoding) {
	query := r.URL.Query()
	st := &stream{
		Server: s, encoding: e, out: w,
		bookmarks: query.Get("allowWatchBookmarks") == "true", position: s.feed.position(),
	}
	initial := query.Get("sendInitialEvents") == "true"
	version := query.Get("resourceVersion")
	if !initial && version != "" && version != "0" {
		n, err := strconv.Atoi(strings.TrimPrefix(version, Mark))
		if err != nil || !strings.HasPrefix(version, Mark) {
			http.Error(w, fmt.Sprintf("resourceVersion %q is not of this server", version), http.StatusBadRequest)
			return
		}
		st.position = s.cluster.at(n)
	}
	ctx := r.Context()
	if seconds, err := strconv.Atoi(query.Get("timeoutSeconds")); err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
		defer cancel()
	}
	w.Header().Set("Content-Type", e.streamType())
	if initial || version == "" || version == "0" {
		st.sendPods(initial)
	}
	st.flush()
	s.live.Add(1)
	defer s.live.Add(-1)
	st.follow(ctx)
}

// sendPods sends the pods that there are, and for a streaming list the bookmark
// that ends it.
func (st *stream) sendPods(streaming bool) {
	for place := range st.cluster.pods {
		if step, v := st.cluster.pod(place, st.position); step < present {
			st.buffer = st.added[step].append(st.buffer, v)
			st.writeFull()
		}
	}
	if streaming {
		st.buffer = st.cluster.appendMark(st.buffer, st.encoding, st.position, true)
	}
}

// follow sends events until ctx ends.
func (st *stream) follow(ctx context.Context) {
	tick := time.NewTicker(bookmarkEvery)
	defer tick.Stop()
	for {
		released, changed := st.feed.next()
		for st.position < released {
			if !st.sendEvents(ctx, released) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
			if st.bookmarks {
				st.buffer = st.cluster.appendMark(st.buffer, st.encoding, st.position, false)
				st.flush()
			}
		}
	}
}

// sendEvents sends as many events as are written at once.
func (st *stream) sendEvents(ctx context.Context, released int) bool {
	from := st.position
	for st.position < released && len(st.buffer) < chunk {
		st.buffer = st.cluster.appendEvent(st.buffer, st.encoding, st.position)
		st.position++
	}
	st.feed.note(from, st.position, time.Now())
	st.flush()
	return ctx.Err() == nil
}

func (st *stream) writeFull() {
	if len(st.buffer) >= chunk {
		_, _ = st.out.Write(st.buffer) // the client is gone then, and ctx ends
		st.buffer = st.buffer[:0]
	}
}

func (st *stream) flush() {
	_, _ = st.out.Write(st.buffer)
	st.buffer = st.buffer[:0]
	_ = http.NewResponseController(st.out).Flush()
}
