package page

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/input"
)

func demo(t *testing.T, change func(*input.Record)) *timeline.Timeline {
	t.Helper()
	f, err := os.Open("../input/testdata/stdout.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := timeline.NewBuilder(timeline.Filter{})
	err = input.NewReader(func(r *input.Record) error {
		change(r)
		return b.Add(r)
	}).Read(f.Name(), f)
	if err != nil {
		t.Fatal(err)
	}
	return b.Build()
}

func write(t *testing.T, tl *timeline.Timeline) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, tl); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWrite: the page has the intervals and marks of the timeline, to the millisecond.
func TestWrite(t *testing.T) {
	tl := demo(t, func(*input.Record) {})
	data := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).
		FindStringSubmatch(write(t, tl))
	if data == nil {
		t.Fatal("the page has no data")
	}
	var c content
	if err := json.Unmarshal([]byte(data[1]), &c); err != nil {
		t.Fatal(err)
	}
	at := 0
	compare := func(name string, r *timeline.Row) {
		got := c.Rows[at]
		at++
		if len(got.Intervals) != perItem*len(r.Intervals) || len(got.Marks) != perItem*len(r.Marks) {
			t.Fatalf("%s: %d intervals, %d marks", name, len(got.Intervals)/perItem, len(got.Marks)/perItem)
		}
		for i, v := range r.Intervals {
			is := got.Intervals[i*perItem:]
			if moment(&c, is[0]) != v.Start.UnixMilli() || moment(&c, is[1]) != v.End.UnixMilli() ||
				c.Kinds[int(is[2])-1] != v.Kind.String() || c.Strings[int(is[3])] != v.Reason || c.Strings[int(is[4])] != v.Info {
				t.Errorf("%s: interval %d is %v, want %+v", name, i, is[:perItem], v)
			}
		}
	}
	for _, r := range tl.Rollouts {
		for _, p := range r.Pods {
			compare(p.Name, &p.Row)
			for _, container := range p.Containers {
				compare(container.Name, &container.Row)
			}
		}
	}
	if at != len(c.Rows) || c.Pods != 5 {
		t.Errorf("%d rows of %d pods, want %d", len(c.Rows), c.Pods, at)
	}
}

// perItem is the number of values of an interval or a mark.
const perItem = 9

func moment(c *content, milliseconds float64) int64 { return c.Start + int64(milliseconds) }

// TestNoRequests: nothing in the page names an address to load from.
func TestNoRequests(t *testing.T) {
	text := write(t, demo(t, func(*input.Record) {}))
	for _, pattern := range []string{`(?i)\b(src|href)\s*=`, `@import`, `url\(`, `fetch\(`, `XMLHttpRequest`, `import\(`} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("the page contains %q", found)
		}
	}
	if !strings.Contains(text, `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`) {
		t.Error("the page has no policy that forbids requests")
	}
}

// TestHostileText: texts of pods end no element, and are no part of the program.
func TestHostileText(t *testing.T) {
	const evil = "</script><script>alert(1)</script><!-- /*SCRIPT*/ \u2028"
	text := write(t, demo(t, func(r *input.Record) { r.Info, r.Reason, r.Node = evil, evil, evil }))
	if n := strings.Count(text, "</script>"); n != 2 {
		t.Errorf("%d scripts end, want 2", n)
	}
	if strings.Contains(text, "alert(1)</") || strings.Count(text, "'use strict'") != 1 {
		t.Error("a text of a pod is part of the page")
	}
}

// TestSize: a page of 100,000 intervals can be sent by mail.
func TestSize(t *testing.T) {
	b := timeline.NewBuilder(timeline.Filter{})
	start := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for i := range 100_000 {
		r := input.Record{
			Received: start.Add(time.Duration(i) * time.Millisecond), Action: "update", Level: "info", Namespace: "ns",
			Pod: "pod-" + string(rune('a'+i%26)), State: []string{"running", "waiting"}[i/26%2], Container: "c",
			ContainerType: "container", Node: "node",
		}
		if err := b.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(write(t, b.Build())); n > 10<<20 {
		t.Errorf("%d bytes", n)
	}
}
