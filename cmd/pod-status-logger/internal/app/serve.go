package app

import (
	"context"
	"fmt"
	"net"

	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// serve serves metrics and health until the service is closed.
func (s *service) serve(ctx context.Context, all streams) error {
	checks := s.checks(all)
	s.metrics.RegisterReady(checks)
	if s.config.Telemetry.Listen == "" {
		return nil
	}
	server, err := telemetry.Listen(ctx, telemetry.Settings{
		Address: s.config.Telemetry.Listen, Metrics: s.metrics.Registry, Checks: checks,
		Pprof: s.config.Telemetry.Pprof, Logger: s.log,
	})
	if err != nil {
		return fmt.Errorf("%w; choose another address with --listen, or none with --listen=", err)
	}
	s.closers.push(server.Close)
	address := server.Addr().String()
	s.log.Info("serving /metrics, /livez and /readyz", "address", address)
	if s.config.Telemetry.Pprof && !isLoopback(server.Addr()) {
		s.log.Warn("profiles are open to everybody who can reach this address; they reveal the program's memory",
			"address", address, "path", "/debug/pprof/")
	}
	go func() {
		if err := server.Serve(); err != nil {
			s.log.Error("metrics and health are no longer served", "error", err)
		}
	}()
	return nil
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
