package main

import (
	"flag"
	"maps"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

var streamed = flag.Int("records", 5000, "length of the stream in which plugins go wrong")

// TestPluginFaults: whatever a plugin does, no record of a stream is lost, duplicated,
// out of order or delayed much longer than the plugin's deadline. Records, metrics and
// the log report the fault. make faults is the long form.
func TestPluginFaults(t *testing.T) {
	t.Parallel()
	const late = `plugin_calls_total{outcome="deadline_exceeded",plugin="faulty"}`
	const invalid = `plugin_calls_total{outcome="invalid",plugin="faulty"}`
	const failed = `plugin_calls_total{outcome="error",plugin="faulty"}`
	const lacking = `plugin_failed_records_total{plugin="faulty"}`
	const restarts = `plugin_restarts_total{plugin="faulty"}`
	cases := map[string]struct {
		behaviour string         // of the plugin; empty: the name
		signal    syscall.Signal // sent to the plugin every second
		mark      string         // in the field enrichment of some records
		log       string
		counter   string // that has to rise
	}{
		"killed": {
			behaviour: "good", signal: syscall.SIGKILL, mark: "^faulty: (not running|it ended)$", log: "signal: killed",
			counter: restarts,
		},
		"stopped": {
			behaviour: "traced", signal: syscall.SIGSTOP, mark: "^faulty: (deadline exceeded|breaker open)$",
			log: "plugin failed repeatedly", counter: late,
		},
		"crashes": {mark: "^faulty: (it ended|not running)$", log: "exit status 7", counter: lacking},
		"late":    {mark: "^faulty: deadline exceeded$", log: "plugin failed repeatedly", counter: late},
		"hangs":   {mark: "^faulty: deadline exceeded$", log: "plugin failed repeatedly", counter: late},
		"few":     {mark: `^faulty: \d+ patches for \d+ records$`, counter: invalid},
		"many":    {mark: `^faulty: \d+ patches for \d+ records$`, counter: invalid},
		"fails":   {mark: "^faulty: database is away$", log: "database is away", counter: failed},
		"garbage": {mark: "^faulty: attribute .* has a character other than", counter: lacking},
		// late on slow machines
		"bloated": {
			mark: "^faulty: (.* larger than max|deadline exceeded)", log: "plugin failed repeatedly", counter: lacking,
		},
		"suppresses": {mark: "^faulty: may not suppress records", counter: lacking},
		"floods":     {log: `"msg":"flood `, counter: `plugin_log_lines_dropped_total{plugin="faulty"}`},
		"leaks":      {mark: "^faulty: ", log: "MiB of memory, at most 128 are allowed", counter: restarts},
	}
	inTwos(t, slices.Sorted(maps.Keys(cases)), func(t *testing.T, name string) {
		c := cases[name]
		if c.behaviour == "" {
			c.behaviour = name
		}
		s := newStream(t, c.behaviour)
		if c.signal != 0 {
			s.signalEverySecond(c.signal)
		}
		began := time.Now()
		lines := s.play(*streamed)
		s.checkComplete(lines)
		s.checkDelay(late, time.Since(began))
		if c.mark != "" && !marked(lines, regexp.MustCompile(c.mark)) {
			t.Errorf("no record has an enrichment like %q", c.mark)
		}
		wait.Until(t, c.counter+" rises", func() bool { return s.metric("pod_status_logger_"+c.counter) > 0 })
		if stderr := s.end(); !strings.Contains(stderr, c.log) {
			t.Errorf("the log lacks %q:\n%.3000s", c.log, stderr)
		}
	})
}

// checkDelay: records wait for the deadline until the breaker opens, and when it probes
// the plugin. Without a breaker two calls, which are as many as are made at a time, would
// wait nearly always. How long a record waits altogether depends on the machine, too.
func (s *stream) checkDelay(late string, took time.Duration) {
	s.t.Helper()
	waited := time.Duration(s.metric("pod_status_logger_"+late)) * streamTimeout
	if most := took + 6*streamTimeout; waited > most {
		s.t.Errorf("calls waited for the plugin for %v in %v, want at most %v", waited, took, most)
	}
}

func marked(lines []line, mark *regexp.Regexp) bool {
	for _, l := range lines {
		if mark.MatchString(l.Enrichment) {
			return true
		}
	}
	return false
}
