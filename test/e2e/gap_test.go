package e2e

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// gap is a span of revisions that the program could not see one by one. Up to
// listed it saw changes one by one again, but could not tell a pod that came from
// one that was there: both come as items of the list.
type gap struct {
	from, to, listed int64
	at               time.Time
	// torn: the list was begun more than once, as the program or the watch died
	// on the way. Then what was looked at on the way may be anything that was; what
	// was found in the end may not.
	torn bool
	open bool // the line that ends it is not in the log
}

func (g gap) has(revision int64) bool { return revision > g.from && revision <= g.to }

// What the program's log says of gaps.
const (
	gapBegins = "events were missed, reading the full list"
	gapEnds   = "the full list was compared" // perhaps behind why it had to be
)

// gapsOf reads from the log which spans the program could not see.
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

// gapsIn reads the gaps as the log tells them. One that begins where another
// began is the same: nothing of that was written down before the program died.
func gapsIn(t *testing.T, log string) (gaps []gap) {
	t.Helper()
	var now *gap
	for line := range strings.Lines(log) {
		var l struct {
			Time                  time.Time
			Msg, From, To, Reason string
			Namespace             *string // the watch's own lines have it, also empty
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

// guessEnd finds where a list ended that the program did not live to report: not
// before the last of what was found.
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

// cutToList ends the gap where the list was. It was of some revision up to the
// one in the log: of what came behind it, the program saw each change.
func (g *gap) cutToList(t *testing.T, lines []object) {
	t.Helper()
	for _, rec := range lines {
		if rv := number(t, text(rec, "resource_version")); g.has(rv) && rec["recovered"] == nil {
			g.to = rv - 1
		}
	}
}

// span is what a fault makes of the history: revisions that may be in a gap.
type span struct {
	first, last int64
	fault       string
}

// unexplained are the gaps for which there was no fault. One fault explains one
// gap.
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
