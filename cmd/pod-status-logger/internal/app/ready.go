package app

import (
	"fmt"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

const (
	// maxSilence is how long a ready stream may receive nothing. API servers send a
	// bookmark about every minute; if they don't, the stream restarts its watch
	// earlier, after [watch.DefaultSilence].
	maxSilence = 2 * time.Minute
	// maxBusy is how long writing a commit group may take.
	maxBusy = 10 * time.Second
	// fullPercent of its capacity make a journal full: the next commit group may
	// not fit.
	fullPercent = 95
)

// checks are the conditions for the program to be ready.
func (s *service) checks(all streams) telemetry.Checks {
	start := time.Now()
	checks := telemetry.Checks{
		{Name: "journal", Failure: func() error { return s.checkJournal(s.journal.Stats()) }},
		{Name: "records", Failure: s.checkBusy},
	}
	for _, each := range all {
		ns, stream := each.namespace, each.Stream
		silence := func() time.Duration {
			if at := stream.LastActivity(); !at.IsZero() {
				return time.Since(at)
			}
			return time.Since(start)
		}
		s.metrics.RegisterStream(each.resource, ns, silence)
		if each.optional {
			continue
		}
		checks = append(checks, telemetry.Check{
			Name:    "watch of " + scope(ns),
			Failure: func() error { return checkStream(ns, stream, silence()) },
		})
	}
	return checks
}

func (s *service) checkBusy() error {
	busy := s.pipeline.Busy()
	if busy <= maxBusy || s.blockedBy() != stdoutBlocks { // the journal has a check of its own
		return nil
	}
	if s.stdoutOutage != nil && s.stdoutOutage.Err() != nil {
		return fmt.Errorf("records can't be written for %v: %w", busy.Round(time.Second), s.stdoutOutage.Err())
	}
	return fmt.Errorf("records can't be written for %v: is stdout read?", busy.Round(time.Second))
}

const stdoutBlocks = "stdout"

// blockedBy names the part that accepts no records, if a commit group takes too long.
func (s *service) blockedBy() string {
	switch j := s.journal.Stats(); {
	case j.Failing != "":
		return "the journal, which can't be written (" + j.Failing + "),"
	case !j.BlockedSince.IsZero():
		return "a full journal"
	}
	return stdoutBlocks
}

func (s *service) checkJournal(j journal.Stats) error {
	logs := j.Signals[journal.Logs]
	almostFull := j.Bytes+j.DeadBytes > j.Capacity/100*fullPercent && !s.config.State.DropsOldest()
	full := !j.BlockedSince.IsZero() || almostFull
	switch {
	case j.Failing != "":
		return fmt.Errorf("the journal can't be written: %s", j.Failing)
	case full && j.DeadBytes > j.Capacity/2:
		return fmt.Errorf("the journal is full of dead letters: %d records that the OTLP receiver refuses; "+
			"see journal dead-letter", logs.DeadRecords)
	case full:
		return fmt.Errorf("the journal is full: %d records are pending for the OTLP receiver", logs.Records)
	}
	return nil
}

func checkStream(ns string, stream *watch.Stream, silence time.Duration) error {
	switch {
	case stream.Denied() != "":
		return fmt.Errorf("watch of %s: %s", scope(ns), stream.Denied())
	case !stream.Synced():
		return fmt.Errorf("watch of %s: pods are not listed yet", scope(ns))
	case silence > maxSilence:
		return fmt.Errorf("watch of %s: neither event nor bookmark for %v", scope(ns), silence.Round(time.Second))
	}
	return nil
}

func scope(ns string) string {
	if ns == "" {
		return "all namespaces"
	}
	return "namespace " + ns
}
