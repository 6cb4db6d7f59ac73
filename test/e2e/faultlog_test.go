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

// faultLog counts the faults of a run and prints them as they happen.
type faultLog struct {
	t     *testing.T
	begun time.Time

	mu     sync.Mutex
	counts map[string]int
	active map[string]int // faults that last now
	spans  []span
}

func newFaultLog(t *testing.T) *faultLog {
	return &faultLog{t: t, begun: time.Now(), counts: map[string]int{}, active: map[string]int{}}
}

// print prints a line with the time since the start.
func (l *faultLog) print(format string, args ...any) {
	fmt.Printf("%7.1fs  %s\n", time.Since(l.begun).Seconds(), fmt.Sprintf(format, args...))
}

// note counts a fault.
func (l *faultLog) note(fault, format string, args ...any) {
	l.mu.Lock()
	l.counts[fault]++
	l.mu.Unlock()
	l.print("%s: %s", fault, fmt.Sprintf(format, args...))
}

// during counts a fault that lasts until the caller calls end.
func (l *faultLog) during(fault, format string, args ...any) (end func()) {
	l.note(fault, format, args...)
	l.mu.Lock()
	l.active[fault]++
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.active[fault]--; l.active[fault] == 0 {
			delete(l.active, fault)
		}
	}
}

// present returns the names of the faults that last now.
func (l *faultLog) present() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(l.active)), ", ")
}

// mayCauseGap makes a fault the possible cause of one gap.
func (l *faultLog) mayCauseGap(s span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spans = append(l.spans, s)
}

// failed reports an error without ending the test.
func (l *faultLog) failed(err error) {
	if err != nil {
		l.print("FAILED: %v", err)
		l.t.Error(err)
	}
}

// rows returns the number of each fault.
func (l *faultLog) rows() (rows []row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range slices.Sorted(maps.Keys(l.counts)) {
		rows = append(rows, row{"fault: " + fault, l.counts[fault]})
	}
	return rows
}
