package pluginhost

import (
	"context"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// newLibraryLog returns a logger for go-plugin, at level debug: the host logs itself events
// that matter to operators, and its reaction.
func newLibraryLog(log *slog.Logger) hclog.Logger {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Debug})
	logger.RegisterSink(sink{log})
	return logger
}

type sink struct{ log *slog.Logger }

var _ hclog.SinkAdapter = sink{}

func (s sink) Accept(_ string, _ hclog.Level, message string, args ...any) {
	s.log.Log(context.Background(), slog.LevelDebug, message, args...)
}
