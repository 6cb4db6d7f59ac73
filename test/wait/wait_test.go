package wait_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestUntil has a condition hold after some looks, and one that holds at once.
func TestUntil(t *testing.T) {
	for _, want := range []int{1, 7} {
		looks := 0
		wait.Until(t, "enough looks", func() bool { looks++; return looks == want })
		if looks != want {
			t.Errorf("%d looks, want %d", looks, want)
		}
	}
}

// TestLimit checks that a wait in vain ends the test after its limit, with the last
// error.
func TestLimit(t *testing.T) {
	for name, c := range map[string]struct {
		wait  func(tb testing.TB)
		limit time.Duration
		want  string
	}{
		"condition": {
			wait:  func(tb testing.TB) { tb.Helper(); wait.Until(tb, "peace", func() bool { return false }) },
			limit: wait.Patience, want: "peace: not within 3m0s: the condition does not hold",
		},
		"attempt": {
			wait: func(tb testing.TB) {
				tb.Helper()
				wait.For(tb, time.Second, "peace", func() error { return errors.New("still war") })
			},
			limit: time.Second, want: "peace: not within 1s: still war",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, failed := time.Now(), &failing{TB: t}
				func() {
					defer func() { _ = recover() }()
					c.wait(failed)
				}()
				if failed.message != c.want {
					t.Errorf("failure %q, want %q", failed.message, c.want)
				}
				if took := time.Since(start); took < c.limit || took > c.limit+time.Second {
					t.Errorf("failed after %s, want %s", took, c.limit)
				}
			})
		})
	}
}

// failing is a test that notes its end instead of failing.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.message = strings.TrimSpace(fmt.Sprintf(format, args...))
	panic(f.message)
}
