package ratelog_test

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
)

// plain returns a logger that writes to stdout, without times and durations.
func plain() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() == slog.KindTime || a.Value.Kind() == slog.KindDuration {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// An event that repeats is logged once per interval.
func ExampleLimiter() {
	limiter := ratelog.New(plain(), time.Hour)
	for pod := range 1000 {
		limiter.Log(slog.LevelWarn, "pod has too many labels", "pod", pod)
	}
	// Output:
	// level=WARN msg="pod has too many labels" pod=0
}

// A receiver that fails for some time causes two lines: one at the first failure, and one
// after the recovery.
func ExampleOutage() {
	outage := ratelog.NewOutage(ratelog.Settings{
		Logger: plain(), Level: slog.LevelError, Every: time.Hour,
		Failing: "receiver fails; retrying", Recovered: "receiver works again",
	})
	for range 3 {
		outage.Fail(errors.New("connection refused"), "endpoint", "collector:4317")
	}
	outage.Recover()
	// Output:
	// level=ERROR msg="receiver fails; retrying" error="connection refused" attempts=1 endpoint=collector:4317
	// level=INFO msg="receiver works again" attempts_failed=3
}
