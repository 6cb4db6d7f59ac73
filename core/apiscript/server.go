package apiscript

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// Server is a scripted API server. The methods of the embedded [Objects] are about
// pods; [Serve] adds other resources. All methods are safe for concurrent use. None
// waits for a client unless its comment says so.
type Server struct {
	*Objects[*corev1.Pod]

	opts  options
	codec *codec
	cert  *tls.Certificate // nil without TLS
	addr  string

	mu          sync.Mutex // guards the fields up to http
	clock       clock
	collections map[schema.GroupVersionResource]*Collection
	owners      owners
	requests    []Request
	hang        chan struct{} // open while the server hangs; nil = it doesn't
	http        *http.Server  // nil while down
	serving     sync.WaitGroup

	stopTicker context.CancelFunc
	ticker     sync.WaitGroup
}

// NewServer is [Start] for tests: it panics if Start returns an error, which happens
// only if the machine has no loopback interface or no free port.
func NewServer(opts ...Option) *Server {
	s, err := Start(opts...)
	if err != nil {
		panic(err)
	}
	return s
}

// Start runs a server without pods, on a free port of the loopback interface unless
// [WithAddress] has another. The caller closes it.
func Start(opts ...Option) (*Server, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{
		opts: o, codec: newCodec(), clock: clock{rv: o.firstVersion}, owners: newOwners(),
		collections: map[schema.GroupVersionResource]*Collection{},
	}
	s.Objects = serve[*corev1.Pod](s, podResource())
	if o.tls {
		cert, err := selfSigned()
		if err != nil {
			return nil, fmt.Errorf("make certificate: %w", err)
		}
		s.cert = cert
	}
	addr, err := s.listen(o.address)
	if err != nil {
		return nil, err
	}
	s.addr = addr
	s.startBookmarks()
	return s, nil
}

// URL returns the server's address, which stays the same over [Server.Down].
func (s *Server) URL() string {
	if s.cert != nil {
		return "https://" + s.addr
	}
	return "http://" + s.addr
}

// Config connects client-go to the server.
func (s *Server) Config() *rest.Config {
	cfg := &rest.Config{Host: s.URL(), UserAgent: user}
	if s.cert != nil {
		cfg.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Certificate[0]})
	}
	return cfg
}

// Close ends all streams and connections and waits for them. The server can't be
// used afterwards.
func (s *Server) Close() {
	s.stopTicker()
	s.ticker.Wait()
	s.Down()
}

// startBookmarks sends bookmarks periodically, with [WithBookmarks].
func (s *Server) startBookmarks() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stopTicker = cancel
	if s.opts.bookmarks <= 0 {
		return
	}
	s.ticker.Go(func() {
		t := time.NewTicker(s.opts.bookmarks)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				for _, c := range s.all() {
					c.Bookmark()
				}
			case <-ctx.Done():
				return
			}
		}
	})
}
