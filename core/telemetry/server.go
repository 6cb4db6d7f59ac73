package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check tells why the program is not ready, or nil. It must not block.
type Check func() error

// Server answers /metrics, /livez and /readyz. Use [Listen].
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen opens address, such as 127.0.0.1:9464. The program is ready when all
// checks say so.
func Listen(ctx context.Context, address string, metrics prometheus.Gatherer, log *slog.Logger, checks ...Check) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics and health: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, failures(checks)) })
	return &Server{listener, &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      30 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
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

func failures(checks []Check) (failed []string) {
	for _, check := range checks {
		if err := check(); err != nil {
			failed = append(failed, err.Error())
		}
	}
	return failed
}

func answer(w http.ResponseWriter, failed []string) {
	if len(failed) == 0 {
		_, _ = w.Write([]byte("ok\n"))
		return
	}
	http.Error(w, strings.Join(failed, "\n"), http.StatusServiceUnavailable)
}
