package tracing_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRecordings compares the spans of each recording of a real node with a golden file, and checks the rules that
// hold for all spans.
func TestRecordings(t *testing.T) {
	for name, events := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			p := whole(t, events, -1)
			checkSpans(t, p.spans)
			got := text(p.spans)
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCrashAnywhere: the spans of a recording are the same, whichever event the program crashes after.
func TestCrashAnywhere(t *testing.T) {
	for name, events := range recordings(t) {
		want := text(whole(t, events, -1).spans)
		for at := range events {
			if got := text(whole(t, events, at).spans); got != want {
				t.Fatalf("%s: crash after event %d (-want +got):\n%s", name, at, cmp.Diff(want, got))
			}
		}
	}
}

// TestGroups: the spans are the same if all events are settled together.
func TestGroups(t *testing.T) {
	for name, events := range recordings(t) {
		want := text(whole(t, events, -1).spans)
		p := newPlayer()
		for _, e := range events {
			p.observe(e)
		}
		p.settle()
		p.end(events)
		if got := text(p.spans); got != want {
			t.Errorf("%s: in one group (-want +got):\n%s", name, cmp.Diff(want, got))
		}
	}
}

// whole plays all events, with a crash after one of them, until all rollouts have ended.
func whole(t *testing.T, events []event, crash int) *player {
	t.Helper()
	p := newPlayer()
	for i, e := range events {
		p.play(e)
		if i == crash {
			p.crash(t)
		}
	}
	p.end(events)
	return p
}

// end lets the time pass until nothing goes on.
func (p *player) end(events []event) {
	last := events[len(events)-1].at
	p.tick(last.Add(time.Minute))
	p.tick(last.Add(2 * time.Hour))
}

// checkSpans checks what holds for all spans.
func checkSpans(t *testing.T, spans []span.Span) {
	t.Helper()
	type key struct {
		trace trace.TraceID
		id    trace.SpanID
	}
	byID := map[key]span.Span{}
	starts := map[string]int{}
	for _, s := range spans {
		k := key{s.Trace, s.ID}
		if _, ok := byID[k]; ok {
			t.Errorf("span %s (%s) is there twice", s.ID, s.Name)
		}
		byID[k] = s
		if s.End.Sub(s.Start) < span.Shortest {
			t.Errorf("%s lasts %s", s.Name, s.End.Sub(s.Start))
		}
		if s.End.Sub(s.Start) > time.Hour {
			t.Errorf("%s lasts %s", s.Name, s.End.Sub(s.Start))
		}
		if s.Name == span.PodStart {
			starts[attr(s, record.AttrPodUID)]++
		}
	}
	for _, s := range spans {
		if !s.Parent.IsValid() {
			continue
		}
		parent, ok := byID[key{s.Trace, s.Parent}]
		switch {
		case !ok:
			t.Errorf("%s of %s has no parent", s.Name, attr(s, record.AttrPodName))
		case s.Start.Before(parent.Start) || s.End.After(parent.End):
			t.Errorf("%s of %s [%s, %s] is not within %s [%s, %s]", s.Name, attr(s, record.AttrPodName),
				clock(s.Start), clock(s.End), parent.Name, clock(parent.Start), clock(parent.End))
		}
	}
	for uid, n := range starts {
		if n != 1 {
			t.Errorf("pod %s has %d starts", uid, n)
		}
	}
}

// text returns spans in lines, in the order of their times.
func text(spans []span.Span) string {
	var lines []string
	for _, s := range spans {
		line := fmt.Sprintf("%s %s %s +%s %s", clock(s.Start), s.Trace.String()[:4], s.ID.String()[:4],
			s.End.Sub(s.Start), s.Name)
		var lineSb147 strings.Builder
		for _, value := range []string{
			attr(s, record.AttrPodName), attr(s, record.AttrContainer), s.Error,
			attr(s, "cicd.pipeline.result"), attr(s, record.AttrRestartCount),
		} {
			if value != "" {
				lineSb147.WriteString(" " + value)
			}
		}
		line += lineSb147.String()
		if s.Parent.IsValid() {
			line += " in " + s.Parent.String()[:4]
		}
		if len(s.Links) > 0 {
			line += fmt.Sprintf(" links=%d", len(s.Links))
		}
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// attr returns an attribute of a span or of its resource.
func attr(s span.Span, key string) string {
	for _, kv := range slices.Concat(s.Attributes, s.Resource) {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}
