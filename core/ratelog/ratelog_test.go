package ratelog_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
)

// log is a log and the number of its checked lines.
type log struct {
	logbuffer.Buffer
	checked int
}

func newLogger() (*log, *slog.Logger) {
	l := &log{}
	return l, slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// expect checks the lines that were logged since the last call.
func (l *log) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	got := l.Lines()[l.checked:]
	l.checked += len(got)
	if !slices.Equal(got, want) {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, logger := newLogger()
		l := ratelog.New(logger, time.Minute)
		for range 3 {
			l.Log(slog.LevelWarn, "odd", "n", 1)
		}
		log.expect(t, "level=WARN msg=odd n=1")
		time.Sleep(time.Minute)
		l.Log(slog.LevelError, "odd")
		log.expect(t, "level=ERROR msg=odd not_logged=2")
		time.Sleep(time.Minute)
		l.Log(slog.LevelError, "odd")
		log.expect(t, "level=ERROR msg=odd")
	})
}

func newOutage(logger *slog.Logger, quiet time.Duration) *ratelog.Outage {
	return ratelog.NewOutage(ratelog.Settings{
		Logger: logger, Failing: "it fails", Level: slog.LevelError, Every: time.Minute, Recovered: "it works", Quiet: quiet,
	})
}

// TestOutage: success ends an outage. Failures and successes that alternate are
// logged at the limited rate, too.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, logger := newLogger()
		o := newOutage(logger, 0)
		o.Recover()
		for range 61 {
			o.Fail(errors.New("full"), "n", 1)
			time.Sleep(time.Second)
		}
		log.expect(t,
			"level=ERROR msg=\"it fails\" error=full attempts=1 failing_for=0s n=1",
			"level=ERROR msg=\"it fails\" error=full attempts=61 failing_for=1m0s n=1")
		o.Recover("left", 2)
		log.expect(t, "level=INFO msg=\"it works\" attempts_failed=61 failed_for=1m1s left=2")
		for range 10 {
			o.Fail(errors.New("full"))
			o.Recover()
		}
		log.expect(t)
		time.Sleep(time.Minute)
		o.Fail(errors.New("gone"))
		o.Recover()
		log.expect(t, "level=ERROR msg=\"it fails\" error=gone attempts=1 failing_for=0s",
			"level=INFO msg=\"it works\" attempts_failed=1 failed_for=0s")
	})
}

// TestQuiet: a time without failures ends an outage, and the next one is logged
// when it begins.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, logger := newLogger()
		o := newOutage(logger, 10*time.Second)
		fail := func(seconds int) {
			for range seconds {
				o.Fail(errors.New("full"))
				time.Sleep(time.Second)
			}
		}
		fail(59)
		log.expect(t, "level=ERROR msg=\"it fails\" error=full attempts=1 failing_for=0s")
		if o.Err() == nil {
			t.Error("no error during the outage")
		}
		fail(3)
		log.expect(t, "level=ERROR msg=\"it fails\" error=full attempts=61 failing_for=1m0s")
		time.Sleep(20 * time.Second)
		log.expect(t, "level=INFO msg=\"it works\" attempts_failed=62 failed_for=1m1s")
		if o.Err() != nil {
			t.Error("an error although the outage is over")
		}
		fail(1)
		log.expect(t, "level=ERROR msg=\"it fails\" error=full attempts=1 failing_for=0s")
		time.Sleep(time.Minute)
		log.expect(t, "level=INFO msg=\"it works\" attempts_failed=1 failed_for=0s")
	})
}
