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

// Server serves /metrics, /livez, /readyz and, on demand, /debug/pprof/. Use
// [Listen].
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Settings of a [Server].
type Settings struct {
	Address string // such as 127.0.0.1:9464
	Metrics prometheus.Gatherer
	Checks  Checks // of /readyz
	Pprof   bool   // serve profiles, which reveal the contents of memory
	Logger  *slog.Logger
}

const (
	// maxHeaderBytes bounds the memory of a request's header. net/http adds 4 KiB to it.
	maxHeaderBytes = 16 << 10
	// maxScrapes bounds the memory of concurrent requests for /metrics. Others are answered 503.
	maxScrapes = 4
)

// Listen opens the address. [Server.Serve] answers requests.
func Listen(ctx context.Context, s Settings) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics and health: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		MaxRequestsInFlight: maxScrapes,
	}))
	mux.Handle("GET /livez", Checks{}.probe("livez")) // an answer is all that liveness needs
	mux.Handle("GET /readyz", s.Checks.probe("readyz"))
	if s.Pprof {
		handleProfiles(mux)
	}
	return &Server{listener, &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         newConnections(maxConnections).track,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}}, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until Close.
func (s *Server) Serve() error {
	err := s.http.Serve(s.listener)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve metrics and health: %w", err)
}

// Close ends Serve and all requests, and frees the address.
func (s *Server) Close() error {
	err := s.http.Close()
	_ = s.listener.Close() // http closes it only after Serve was called
	return err
}
