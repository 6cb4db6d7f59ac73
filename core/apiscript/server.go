package apiscript

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// Server is a scripted API server. All methods are safe for concurrent use;
// none waits for a client unless it says so.
type Server struct {
	opts  options
	codec *codec
	cert  *tls.Certificate // nil without TLS
	addr  string

	mu       sync.Mutex // guards what follows, but for what says otherwise
	store    store
	owners   owners
	faults   faults
	streams  map[*stream]struct{}
	requests []Request
	http     *http.Server // nil while down
	serving  sync.WaitGroup

	stopTicker context.CancelFunc
	ticker     sync.WaitGroup
}

// NewServer is [Start] for tests: it panics where Start returns an error, which
// it does only if the machine has no loopback interface or no free port.
func NewServer(opts ...Option) *Server {
	s, err := Start(opts...)
	if err != nil {
		panic(err)
	}
	return s
}

// Start runs a server without pods on a free port of the loopback interface.
// The caller closes it.
func Start(opts ...Option) (*Server, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{
		opts: o, codec: newCodec(), streams: map[*stream]struct{}{},
		store: newStore(o), owners: newOwners(), faults: faults{cutList: -1},
	}
	if o.tls {
		cert, err := selfSigned()
		if err != nil {
			return nil, fmt.Errorf("make certificate: %w", err)
		}
		s.cert = cert
	}
	addr, err := s.listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = addr
	s.startBookmarks()
	return s, nil
}

// listen serves on addr until Down, and returns what addr was resolved to.
func (s *Server) listen(addr string) (string, error) {
	var config net.ListenConfig
	ln, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	srv := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that go away are the point
	}
	serve := func() error { return srv.Serve(ln) }
	if s.cert != nil {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*s.cert}, MinVersion: tls.VersionTLS12}
		serve = func() error { return srv.ServeTLS(ln, "", "") }
	}
	s.mu.Lock()
	s.http = srv
	s.mu.Unlock()
	s.serving.Go(func() { _ = serve() }) // ends with ErrServerClosed
	return ln.Addr().String(), nil
}

// enter makes Down wait for a request, until serving.Done; false if it is too
// late for that.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return false
	}
	s.serving.Add(1)
	return true
}

// URL is where the server listens; it stays the same over [Server.Down].
func (s *Server) URL() string {
	if s.cert != nil {
		return "https://" + s.addr
	}
	return "http://" + s.addr
}

// Config connects client-go to the server.
func (s *Server) Config() *rest.Config {
	cfg := &rest.Config{Host: s.URL(), UserAgent: "apiscript"}
	if s.cert != nil {
		cfg.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Certificate[0]})
	}
	return cfg
}

// Close ends all streams and connections and waits for them. The server can't
// be used afterwards.
func (s *Server) Close() {
	s.stopTicker()
	s.ticker.Wait()
	s.Down()
}

// Down closes the port and every connection: the next ones are refused.
func (s *Server) Down() {
	s.mu.Lock()
	srv := s.http
	s.http = nil
	s.mu.Unlock()
	if srv == nil {
		return
	}
	_ = srv.Close() // ends requests' contexts, and writes that block
	s.serving.Wait()
}

// Up serves on the same port again after [Server.Down], with an empty watch
// cache as after a real server's restart: a watch from before now gets 410.
func (s *Server) Up() error {
	s.mu.Lock()
	up := s.http != nil
	if !up {
		s.store.expire()
	}
	s.mu.Unlock()
	if up {
		return errors.New("start server: it is up")
	}
	_, err := s.listen(s.addr)
	return err
}

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
				s.Bookmark()
			case <-ctx.Done():
				return
			}
		}
	})
}
