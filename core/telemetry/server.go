package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers /metrics, /livez and /readyz, and where asked for
// /debug/pprof/. Use [Listen].
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Settings are what a [Server] answers.
type Settings struct {
	Address string // such as 127.0.0.1:9464
	Metrics prometheus.Gatherer
	Checks  Checks // the program is ready when none fails
	Pprof   bool   // profiles tell what is in memory: for those alone who may know
	Logger  *slog.Logger
}

// Listen opens the address. Nothing is answered before [Server.Serve].
func Listen(ctx context.Context, s Settings) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics and health: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.Handle("GET /livez", Checks{}.probe("livez")) // that it answers is all that it has to tell
	mux.Handle("GET /readyz", s.Checks.probe("readyz"))
	if s.Pprof {
		profile(mux)
	}
	return &Server{listener, &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      30 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}}, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until Close.
func (s *Server) Serve() error {
	err := s.http.Serve(s.listener)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve metrics and health: %w", err)
}

// Close ends Serve and all requests, and gives the address back.
func (s *Server) Close() error {
	err := s.http.Close()
	_ = s.listener.Close() // http closes it only if it got as far as to serve
	return err
}
