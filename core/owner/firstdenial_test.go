package owner

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// A server that has just started denies everything for a moment: that is not
// taken for the last word.
func TestFirstDenialIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDenials(Settings{Logger: slog.New(slog.DiscardHandler), ForbiddenTTL: 5 * time.Minute})
		r := right{resource: "pods"}
		for i, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
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
