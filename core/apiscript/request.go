package apiscript

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// maxRequests bounds the result of [Server.Requests].
const maxRequests = 10_000

// Request is a request of a client: a list or a watch of a resource, a list of owners, or
// a get of an owner or of a discovery document.
type Request struct {
	Verb      string // "list", "watch" or "get"
	Path      string // of the URL
	Namespace string // "" = all
	Query     url.Values
	UserAgent string
}

// Requests returns the requests so far, those that failed too.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", version)
	for _, root := range []string{"/api/v1", "/apis/{group}/{version}"} {
		mux.HandleFunc("GET "+root, s.serveGet("get", (*owners).discover))
		mux.HandleFunc("GET "+root+"/{resource}", s.serveCollection)
		mux.HandleFunc("GET "+root+"/namespaces/{namespace}/{resource}", s.serveCollection)
		mux.HandleFunc("GET "+root+"/{resource}/{name}", s.serveGet("get", (*owners).get))
		mux.HandleFunc("GET "+root+"/namespaces/{namespace}/{resource}/{name}", s.serveGet("get", (*owners).get))
	}
	return mux
}

func version(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"major": "1", "minor": "37", "gitVersion": "v1.37.0-" + user})
}

// serveCollection serves a list or a watch.
func (s *Server) serveCollection(w http.ResponseWriter, r *http.Request) {
	c := s.collection(r)
	if c == nil {
		s.serveGet("list", (*owners).list)(w, r)
		return
	}
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.serving.Done()
	q, err := c.parse(r)
	if err != nil {
		s.fail(w, q.media, err)
		return
	}
	failure, hang := c.note(r, q)
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case failure != nil:
		s.fail(w, q.media, failure)
	case q.watch:
		c.serveWatch(w, r, q)
	default:
		c.serveList(w, q)
	}
}

func (s *Server) collection(r *http.Request) *Collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.collections[groupVersionOf(r).WithResource(r.PathValue("resource"))]
}

func groupVersionOf(r *http.Request) schema.GroupVersion {
	if version := r.PathValue("version"); version != "" {
		return schema.GroupVersion{Group: r.PathValue("group"), Version: version}
	}
	return schema.GroupVersion{Version: "v1"} // below /api
}

// note records the request and returns the faults that it meets.
func (c *Collection) note(r *http.Request, q query) (failure *metav1.Status, hang <-chan struct{}) {
	verb := "list"
	if q.watch {
		verb = "watch"
	}
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(r, verb, q.namespace)
	if !q.watch && c.faults.hangList {
		return nil, make(chan struct{}) // never closed
	}
	return c.takeFailure(!q.watch), s.hang
}

// record keeps a request. The mutex is held.
func (s *Server) record(r *http.Request, verb, namespace string) {
	if len(s.requests) >= maxRequests {
		s.requests = slices.Delete(s.requests, 0, maxRequests/2)
	}
	s.requests = append(s.requests, Request{verb, r.URL.Path, namespace, r.URL.Query(), r.UserAgent()})
}

// negotiate returns the first media type of the header that the server speaks.
func (s *Server) negotiate(accept string) media {
	for part := range strings.SplitSeq(accept, ",") {
		name, _, _ := strings.Cut(part, ";")
		switch strings.TrimSpace(name) {
		case s.codec.contentType(mediaProtobuf):
			if !s.opts.jsonOnly {
				return mediaProtobuf
			}
		case s.codec.contentType(mediaJSON):
			return mediaJSON
		}
	}
	return mediaJSON
}

// fail answers with a Status, as the real server encodes it.
func (s *Server) fail(w http.ResponseWriter, m media, st *metav1.Status) {
	status := *st
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	if d := status.Details; d != nil && d.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(d.RetryAfterSeconds)))
	}
	w.Header().Set("Content-Type", s.codec.contentType(m))
	w.WriteHeader(int(status.Code))
	_ = s.codec.object(m, &status, w) // the client is gone then
}
