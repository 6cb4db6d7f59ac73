package pluginhost

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	v1 "github.com/pod-status-logger/pod-status-logger/core/pluginhost/v1"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestRestart: a plugin that ends is restarted, and the log says how it ended.
func TestRestart(t *testing.T) {
	t.Parallel()
	for behaviour, why := range map[string]string{
		"crashes": "exit status 7",
		"panics":  `exit status 2; it printed: \"panic: out of cheese (`,
	} {
		t.Run(behaviour, func(t *testing.T) {
			p, log := hosted(t, specOf(t, behaviour))
			if _, err := p.Patch(deadline(t, wait.Patience), batchOf(1)); !errors.Is(err, v1.ErrEnded) {
				t.Errorf("error %v", err)
			}
			log.Await(t, `"reason":"`+why)
			log.Await(t, "plugin runs again")
			if got := p.Stats(); got.Restarts != 1 || !got.Up {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestKilled: as TestRestart, for a plugin that others kill.
func TestKilled(t *testing.T) {
	t.Parallel()
	p, log := hosted(t, specOf(t, "good"))
	for range 2 {
		pid := pidOf(p)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		wait.Until(t, "another process", func() bool { return p.current.Load() == nil || pidOf(p) != pid })
		answers(t, p)
	}
	log.Await(t, `"reason":"signal: killed"`)
}

// TestStopped: a plugin that is stopped answers nothing, not even the call that is to
// end it. The host notices, kills and restarts it.
func TestStopped(t *testing.T) {
	t.Parallel()
	p, log := hosted(t, specOf(t, "good"))
	pid := pidOf(p)
	stop(t, pid)
	for range tripAfter {
		if _, err := p.Patch(deadline(t, 50*time.Millisecond), batchOf(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	}
	if p.Stats().Up {
		t.Error("the breaker is not open")
	}
	log.Await(t, `"reason":"health check: it did not answer for 2s"`)
	answers(t, p)
}

// TestHanging: a plugin that answers health checks, but no records, is restarted in the
// end.
func TestHanging(t *testing.T) {
	t.Parallel()
	p, log := hosted(t, specOf(t, "hangs"))
	wait.Until(t, "a restart", func() bool {
		_, _ = p.Patch(deadline(t, 20*time.Millisecond), batchOf(1))
		return p.Stats().Restarts > 0
	})
	log.Await(t, `"reason":"it does not answer"`)
}

// TestLeaking: a plugin that uses too much memory is restarted.
func TestLeaking(t *testing.T) {
	t.Parallel()
	spec := specOf(t, "leaks")
	spec.MaxMemory = 100 << 20
	p, log := hosted(t, spec)
	wait.Until(t, "a restart", func() bool {
		_, _ = p.Patch(deadline(t, wait.Patience), batchOf(8))
		return p.Stats().Restarts > 0
	})
	log.Await(t, "MiB of memory, at most 100 are allowed")
}
