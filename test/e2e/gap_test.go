package e2e

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// gap is a span of revisions that the program could not read one by one. From to up to
// listed it read changes one by one again, but as items of a list: new pods and existing
// ones look the same.
type gap struct {
	from, to, listed int64
	at               time.Time
	// torn: the list was begun more than once, as the program or the watch ended before
	// the list did. Until its end the program may have read any version of a pod.
	torn bool
	open bool // the log lacks the line that ends the gap
}

func (g gap) has(revision int64) bool { return revision > g.from && revision <= g.to }

// The messages in the program's log that begin and end a gap.
const (
	gapBegins = "events were missed, reading the full list"
	gapEnds   = "the full list was compared" // the reason may stand before it
)

// gapsOf returns the spans of revisions that the program could not read, from its log.
func gapsOf(t *testing.T, log string, all []change, lines []object) []gap {
	t.Helper()
	gaps := gapsIn(t, log)
	for i := range gaps {
		g := &gaps[i]
		if g.open {
			before := int64(1 << 62)
			if i+1 < len(gaps) {
				before = gaps[i+1].from
			}
			g.guessEnd(t, before, all, lines)
		}
		g.listed = g.to
		if !g.torn {
			g.cutToList(t, lines)
		}
	}
	return gaps
}

// gapsIn parses the gaps in the log. A gap that begins where another began is the same one:
// the program was killed before it stored anything of it.
func gapsIn(t *testing.T, log string) (gaps []gap) {
	t.Helper()
	var now *gap
	for line := range strings.Lines(log) {
		var l struct {
			Time                  time.Time
			Msg, From, To, Reason string
			Namespace             *string // only lines about the watch have it; it may be empty
		}
		if json.Unmarshal([]byte(line), &l) != nil {
			continue
		}
		switch {
		case l.Msg == gapBegins:
			from := number(t, l.From)
			if n := slices.IndexFunc(gaps, func(g gap) bool { return g.from == from }); n >= 0 {
				gaps[n].torn, gaps[n].open = true, true
				now = &gaps[n]
				continue
			}
			gaps = append(gaps, gap{from: from, to: from, at: l.Time, open: true})
			now = &gaps[len(gaps)-1]
		case strings.HasSuffix(l.Msg, gapEnds):
			if from := number(t, l.From); now == nil || now.from != from {
				gaps = append(gaps, gap{from: from, at: l.Time})
				now = &gaps[len(gaps)-1]
			}
			now.to, now.at, now.open = number(t, l.To), l.Time, false
			now = nil
		case l.Reason != "" && l.Namespace != nil && now != nil:
			now.torn = true
		}
	}
	return gaps
}

// guessEnd sets the end of a gap whose end the program was killed before reporting: not
// before the last change that it found.
func (g *gap) guessEnd(t *testing.T, before int64, all []change, lines []object) {
	t.Helper()
	g.torn = true
	gone := map[string]bool{}
	for _, rec := range lines {
		if rec["recovered"] != true {
			continue
		}
		if rec["action"] == "delete" {
			gone[text(rec, "pod_uid")] = true
		}
		if rv := number(t, text(rec, "resource_version")); rv > g.from && rv <= before {
			g.to = max(g.to, rv)
		}
	}
	for _, c := range all {
		if c.Type == "DELETED" && gone[text(c.Pod, "metadata", "uid")] && c.revision > g.from && c.revision <= before {
			g.to = max(g.to, c.revision)
		}
	}
}

// cutToList ends the gap at the revision of the list. That may be older than the one in the
// log: the program read each later change as an event.
func (g *gap) cutToList(t *testing.T, lines []object) {
	t.Helper()
	for _, rec := range lines {
		if rv := number(t, text(rec, "resource_version")); g.has(rv) && rec["recovered"] == nil {
			g.to = rv - 1
		}
	}
}

// span are the revisions that may be within a gap because of a fault.
type span struct {
	first, last int64
	fault       string
}

// unexplained returns the gaps without a fault. One fault explains one gap.
func unexplained(gaps []gap, faults []span) (left []gap) {
	faults = slices.SortedFunc(slices.Values(faults), func(a, b span) int { return cmp.Compare(a.last, b.last) })
	for _, g := range gaps {
		n := slices.IndexFunc(faults, func(s span) bool { return g.from <= s.last && g.listed >= s.first })
		if n < 0 {
			left = append(left, g)
			continue
		}
		faults = slices.Delete(faults, n, n+1)
	}
	return left
}
