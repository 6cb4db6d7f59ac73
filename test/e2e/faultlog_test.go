//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger keeps what was done to whom, and prints it as it happens.
type ledger struct {
	t     *testing.T
	begun time.Time

	mu     sync.Mutex
	counts map[string]int
	lasts  map[string]int // faults that last now
	spans  []span
}

func newLedger(t *testing.T) *ledger {
	return &ledger{t: t, begun: time.Now(), counts: map[string]int{}, lasts: map[string]int{}}
}

// say prints a line.
func (l *ledger) say(format string, args ...any) {
	fmt.Printf("%7.1fs  %s\n", time.Since(l.begun).Seconds(), fmt.Sprintf(format, args...))
}

// note counts a fault.
func (l *ledger) note(fault, format string, args ...any) {
	l.mu.Lock()
	l.counts[fault]++
	l.mu.Unlock()
	l.say("%s: %s", fault, fmt.Sprintf(format, args...))
}

// during notes a fault that lasts until the function that it returns is called.
func (l *ledger) during(fault, format string, args ...any) (end func()) {
	l.note(fault, format, args...)
	l.mu.Lock()
	l.lasts[fault]++
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.lasts[fault]--; l.lasts[fault] == 0 {
			delete(l.lasts, fault)
		}
	}
}

// present names the faults that last now.
func (l *ledger) present() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(l.lasts)), ", ")
}

// may lets a fault be the reason of one gap.
func (l *ledger) may(s span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spans = append(l.spans, s)
}

// failed notes what should not have happened and does not end the test.
func (l *ledger) failed(err error) {
	if err != nil {
		l.say("FAILED: %v", err)
		l.t.Error(err)
	}
}

func (l *ledger) rows() (rows []row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range slices.Sorted(maps.Keys(l.counts)) {
		rows = append(rows, row{"fault: " + fault, l.counts[fault]})
	}
	return rows
}
