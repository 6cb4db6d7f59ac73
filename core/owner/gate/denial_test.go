package gate

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFirstDenialIsShort: a server that has just started denies everything for a
// moment, so the first denial counts for less time than the following ones.
func TestFirstDenialIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDenials(Settings{Logger: slog.New(slog.DiscardHandler), ForbiddenTTL: 5 * time.Minute})
		r := Right{Resource: "pods"}
		for i, want := range []time.Duration{
			30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute,
		} {
			start := time.Now()
			_ = d.add(r, errors.New("denied"))
			for d.check(r) != nil {
				time.Sleep(time.Second)
			}
			if took := time.Since(start); took != want {
				t.Errorf("denial %d counts for %v, want %v", i+1, took, want)
			}
		}
	})
}

// TestLastingDenialIsLoggedDaily: a right that stays missing, in any number of namespaces,
// is logged once a day, and once when the server grants it.
func TestLastingDenialIsLoggedDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		d := newDenials(Settings{Logger: slog.New(slog.NewTextHandler(&log, nil)), ForbiddenTTL: 5 * time.Minute})
		shop, bank := Right{Resource: "nodes", Namespace: "shop"}, Right{Resource: "nodes", Namespace: "bank"}
		for start := time.Now(); time.Since(start) < 25*time.Hour; time.Sleep(5 * time.Minute) {
			_ = d.add(shop, errors.New("denied"))
			_ = d.add(bank, errors.New("denied"))
		}
		d.forget(shop)
		d.forget(bank)
		d.forget(bank)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[1], "failing_for=24h0m0s") ||
			!strings.Contains(lines[2], "may get nodes again") {
			t.Errorf("logged\n%s\nwant two denials and a recovery", log.String())
		}
	})
}
