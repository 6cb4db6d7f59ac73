// Package ratelog logs trouble that repeats, at a limited rate. A [Limiter] is for
// single events, an [Outage] for trouble that begins, lasts and ends.
package ratelog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Limiter logs at most one message per interval. Its methods may be called
// concurrently.
type Limiter struct {
	log   *slog.Logger
	every time.Duration

	mu     sync.Mutex
	logged time.Time // of the last message; zero: none
	missed int       // messages since then
}

// New returns a limiter for one kind of message.
func New(log *slog.Logger, every time.Duration) *Limiter {
	return &Limiter{log: log, every: every}
}

// Log logs the message, unless the last one is less than the interval old. After
// messages were left out, the next one has their number as "not_logged".
func (l *Limiter) Log(level slog.Level, msg string, args ...any) {
	missed, ok := l.allow()
	if !ok {
		return
	}
	if missed > 0 {
		args = append(args, "not_logged", missed)
	}
	l.log.Log(context.Background(), level, msg, args...)
}

func (l *Limiter) allow() (missed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.logged.IsZero() && now.Sub(l.logged) < l.every {
		l.missed++
		return 0, false
	}
	missed = l.missed
	l.logged, l.missed = now, 0
	return missed, true
}
