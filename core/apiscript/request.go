package apiscript

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// maxRequests bounds what [Server.Requests] remembers.
const maxRequests = 10_000

// Request is what a client has asked for: a list or a watch of pods, or a get of
// an owner or of a discovery document.
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

// query is a request for pods, understood.
type query struct {
	selection
	watch       bool
	rv          uint64 // 0 = not given
	limit       int    // 0 = none
	token       string
	timeout     int // seconds, 0 = none
	bookmarks   bool
	initial     bool // sendInitialEvents
	media       media
	fromNothing bool // a plain watch without a resourceVersion begins with what exists
}

func everything() selection { return selection{labels: labels.Everything()} }

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", version)
	mux.HandleFunc("GET /api/v1/pods", s.servePods)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/pods", s.servePods)
	for _, root := range []string{"/api/v1", "/apis/{group}/{version}"} {
		mux.HandleFunc("GET "+root, s.serveGet((*owners).discover))
		mux.HandleFunc("GET "+root+"/{resource}/{name}", s.serveGet((*owners).get))
		mux.HandleFunc("GET "+root+"/namespaces/{namespace}/{resource}/{name}", s.serveGet((*owners).get))
	}
	return mux
}

func version(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"major": "1", "minor": "37", "gitVersion": "v1.37.0-apiscript"})
}

func (s *Server) servePods(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.serving.Done()
	q, err := s.parse(r)
	if err != nil {
		s.fail(w, q.media, err)
		return
	}
	failure, hang := s.note(r, q)
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
		s.serveWatch(w, r, q)
	default:
		s.serveList(w, q)
	}
}

// note records the request and returns the faults that it meets.
func (s *Server) note(r *http.Request, q query) (failure *metav1.Status, hang <-chan struct{}) {
	verb := "list"
	if q.watch {
		verb = "watch"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(r, verb, q.namespace)
	if !q.watch && s.faults.hangList {
		return nil, make(chan struct{}) // nobody closes it
	}
	return s.faults.takeFailure(!q.watch), s.faults.hang
}

// record remembers a request. The mutex is held.
func (s *Server) record(r *http.Request, verb, namespace string) {
	if len(s.requests) >= maxRequests {
		s.requests = slices.Delete(s.requests, 0, maxRequests/2)
	}
	s.requests = append(s.requests, Request{verb, r.URL.Path, namespace, r.URL.Query(), r.UserAgent()})
}

func (s *Server) parse(r *http.Request) (query, *metav1.Status) {
	v := r.URL.Query()
	q := query{
		selection: selection{namespace: r.PathValue("namespace")},
		watch:     isTrue(v.Get("watch")),
		token:     v.Get("continue"),
		bookmarks: isTrue(v.Get("allowWatchBookmarks")),
		initial:   isTrue(v.Get("sendInitialEvents")),
		media:     s.negotiate(r.Header.Get("Accept")),
	}
	var err error
	if q.labels, err = labels.Parse(v.Get("labelSelector")); err != nil {
		return q, badRequest(err)
	}
	for name, to := range map[string]*int{"limit": &q.limit, "timeoutSeconds": &q.timeout} {
		if text := v.Get(name); text != "" {
			if *to, err = strconv.Atoi(text); err != nil {
				return q, badRequest(err)
			}
		}
	}
	if text := v.Get("resourceVersion"); text != "" {
		if q.rv, err = strconv.ParseUint(text, 10, 64); err != nil {
			return q, badVersion(q, err)
		}
	}
	q.fromNothing = q.watch && !q.initial && q.rv == 0
	return q, nil
}

// badVersion is 500 without a reason for a watch, though the client is to
// blame: so does the real server.
func badVersion(q query, err error) *metav1.Status {
	if q.watch {
		return &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: "resourceVersion: Invalid value: " + err.Error()}
	}
	return badRequest(err)
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

func badRequest(err error) *metav1.Status {
	st := apierrors.NewBadRequest(err.Error()).Status()
	return &st
}

func isTrue(s string) bool { return s == "true" || s == "1" }
