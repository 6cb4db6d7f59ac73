package pluginhost

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// eachWay runs a test with a plugin in each of the ways in which there can be one.
func eachWay(t *testing.T, behaviour string, test func(t *testing.T, spec Spec)) {
	t.Helper()
	process, plain := specOf(t, behaviour), specOf(t, behaviour)
	plain.PlainText = true
	t.Run("process", func(t *testing.T) { test(t, process) })
	t.Run("process without TLS", func(t *testing.T) { test(t, plain) })
	t.Run("in process", func(t *testing.T) { test(t, inProcessOf(behaviour)) })
}

// TestGood: patches of the right records, in order, and a clean end.
func TestGood(t *testing.T) {
	eachWay(t, "good", func(t *testing.T, spec Spec) {
		p, log := hosted(t, spec)
		batch := batchOf(64)
		patches, err := p.Patch(deadline(t, wait.Patience), batch)
		if err != nil || len(patches) != len(batch) {
			t.Fatalf("%d patches, error %v", len(patches), err)
		}
		for i, patch := range patches {
			if a := patch.Attributes; len(a) != 1 || a[0].Key != "faulty.pod" || a[0].Value.AsString() != batch[i].Pod.Name {
				t.Errorf("patch %d: %v", i, a)
			}
		}
		if p.Name() != faulty.Name || p.Version() != "1.2.3" || !p.Stats().Up {
			t.Errorf("%s %s, %+v", p.Name(), p.Version(), p.Stats())
		}
		if log.String() != "" {
			t.Errorf("a plugin that works is nothing to log:\n%s", log)
		}
	})
}

// TestNotCalled: a plugin that is not running, or whose breaker is open, is not called.
func TestNotCalled(t *testing.T) {
	p := newPlugin(specOf(t, "good"), nil, slog.New(slog.DiscardHandler))
	var unavailable enrich.UnavailableError
	if _, err := p.Patch(t.Context(), batchOf(1)); !errors.Is(err, errNotRunning) || !errors.As(err, &unavailable) {
		t.Errorf("error %v", err)
	}
	p.current.Store(&instance{}) // can't be called
	for range tripAfter {
		p.breaker.bad(time.Now().Add(time.Hour))
	}
	if _, err := p.Patch(t.Context(), batchOf(1)); !errors.Is(err, errBreakerOpen) || !errors.As(err, &unavailable) {
		t.Errorf("error %v", err)
	}
}

// TestErrors: a plugin that answers with errors is left alone for a while, and not
// restarted: that would not help.
func TestErrors(t *testing.T) {
	eachWay(t, "fails", func(t *testing.T, spec Spec) {
		p, log := hosted(t, spec)
		for range tripAfter {
			if _, err := p.Patch(deadline(t, wait.Patience), batchOf(1)); err == nil || err.Error() != "database is away" {
				t.Errorf("error %v", err)
			}
		}
		log.Await(t, "plugin failed repeatedly")
		if got := p.Stats(); got.Up || got.Restarts != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestWrongCount: the number of patches is that of the answer.
func TestWrongCount(t *testing.T) {
	for behaviour, want := range map[string]int{"few": 1, "many": 9} {
		eachWay(t, behaviour, func(t *testing.T, spec Spec) {
			p, _ := hosted(t, spec)
			if patches, err := p.Patch(deadline(t, wait.Patience), batchOf(8)); err != nil || len(patches) != want {
				t.Errorf("%d patches, error %v, want %d", len(patches), err, want)
			}
		})
	}
}

// TestTooLarge: answers are bounded.
func TestTooLarge(t *testing.T) {
	eachWay(t, "bloated", func(t *testing.T, spec Spec) {
		p, _ := hosted(t, spec)
		_, err := p.Patch(deadline(t, wait.Patience), batchOf(8))
		if err == nil || !strings.Contains(err.Error(), "larger than max") {
			t.Errorf("error %v", err)
		}
	})
}
