package apiscript

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"
)

// listen serves on addr until Down, and returns the address that addr resolved to.
func (s *Server) listen(addr string) (string, error) {
	ln, err := relisten(addr)
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

// enter makes Down wait for a request, until serving.Done. It returns false if it is
// too late for that.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return false
	}
	s.serving.Add(1)
	return true
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

// Up serves on the same port again after [Server.Down], with empty watch caches as
// after a real server's restart: a watch from before now gets 410.
func (s *Server) Up() error {
	s.mu.Lock()
	up := s.http != nil
	if !up {
		for _, c := range s.collections {
			c.store.expire()
		}
	}
	s.mu.Unlock()
	if up {
		return errors.New("start server: it is up")
	}
	_, err := s.listen(s.addr)
	return err
}

// Hang silences the server until [Server.Resume]: open streams get nothing, not even
// bookmarks, and new requests no answer.
func (s *Server) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hang == nil {
		s.hang = make(chan struct{})
	}
}

// Resume ends [Server.Hang].
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hang != nil {
		close(s.hang)
		s.hang = nil
	}
	for _, c := range s.collections {
		c.wake()
	}
}

func (s *Server) all() []*Collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.collections))
}

// relisten retries for a while if the address is in use: after Down, a process that was being started meanwhile may
// have inherited the listener, and holds the port until it executes its program.
func relisten(addr string) (net.Listener, error) {
	const attempts, pause = 500, 10 * time.Millisecond
	var config net.ListenConfig
	for i := 1; ; i++ {
		ln, err := config.Listen(context.Background(), "tcp", addr)
		if !errors.Is(err, syscall.EADDRINUSE) || i == attempts {
			return ln, err
		}
		time.Sleep(pause)
	}
}
