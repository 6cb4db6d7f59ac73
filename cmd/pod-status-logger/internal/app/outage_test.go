package app

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := &outage{log: slog.New(slog.NewTextHandler(&log, nil)), begun: "it fails", over: "it works"}
		fail := func(seconds int) {
			for range seconds {
				o.error(errors.New("full"))
				time.Sleep(time.Second)
			}
		}
		says := func(begun, over int) {
			t.Helper()
			synctest.Wait()
			o.mu.Lock() // held by whoever writes to the log
			defer o.mu.Unlock()
			if b, e := strings.Count(log.String(), "it fails"), strings.Count(log.String(), "it works"); b != begun || e != over {
				t.Errorf("said %d times that it fails and %d times that it works, want %d and %d:\n%s", b, e, begun, over, &log)
			}
		}
		fail(59)
		says(1, 0)
		if o.present() == nil {
			t.Error("no present error")
		}
		fail(3)
		says(2, 0)
		time.Sleep(20 * time.Second)
		says(2, 1)
		if o.present() != nil {
			t.Error("an error although it is over")
		}
		fail(1) // another one, at once
		says(3, 1)
		time.Sleep(time.Minute)
		says(3, 2)
	})
}
