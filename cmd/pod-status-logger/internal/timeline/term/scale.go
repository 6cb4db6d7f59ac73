package term

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// scale maps times to cells.
type scale struct {
	start, end time.Time
	cells      int
	location   *time.Location
}

func newScale(start, end time.Time, cells int, location *time.Location) scale {
	if !end.After(start) {
		end = start.Add(time.Second)
	}
	return scale{start, end, cells, location}
}

// part returns the position of a time in eighths of a cell, within the scale.
func (s scale) part(t time.Time) int {
	all := s.cells * eighths
	at := int(float64(t.Sub(s.start)) / float64(s.end.Sub(s.start)) * float64(all))
	return min(max(at, 0), all)
}

// title returns the time that the scale covers.
func (s scale) title() string {
	const day = "2006-01-02"
	start, end := s.start.In(s.location), s.end.In(s.location)
	second := end.Format("15:04:05")
	if start.Format(day) != end.Format(day) {
		second = end.Format(day + " 15:04:05")
	}
	return start.Format(day+" 15:04:05") + " to " + second + end.Format(" MST") + " (" + Span(s.end.Sub(s.start)) + ")"
}

// Span returns a duration with the precision that matters at its size.
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// axis returns a line with marks at round times.
func (s scale) axis(ascii bool) string {
	step, layout := s.step()
	tick := "╷"
	if ascii {
		tick = "|"
	}
	var b strings.Builder
	at := 0
	for t := s.firstTick(step); !t.After(s.end); t = t.Add(step) {
		cell := s.part(t) / eighths
		label := tick + t.In(s.location).Format(layout)
		if cell < at || cell+utf8.RuneCountInString(label) > s.cells {
			continue
		}
		b.WriteString(strings.Repeat(" ", cell-at) + label)
		at = cell + utf8.RuneCountInString(label)
	}
	return b.String()
}

// firstTick returns the first multiple of the step in local time.
func (s scale) firstTick(step time.Duration) time.Time {
	_, offset := s.start.In(s.location).Zone()
	shift := time.Duration(offset) * time.Second
	t := s.start.Add(shift).Truncate(step).Add(-shift)
	if t.Before(s.start) {
		t = t.Add(step)
	}
	return t
}

// step returns the distance of the marks on the axis, and the layout of their labels.
func (s scale) step() (step time.Duration, layout string) {
	span := s.end.Sub(s.start)
	for _, c := range []struct {
		layout string
		steps  []time.Duration
	}{
		{"15:04:05.000", []time.Duration{
			time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
		}},
		{"15:04:05", []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		}},
		{"15:04", []time.Duration{
			time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
			time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour,
		}},
		{"Jan 02 15:04", []time.Duration{12 * time.Hour}},
		{"Jan 02", []time.Duration{24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour}},
	} {
		for _, step := range c.steps {
			if float64(step)/float64(span)*float64(s.cells) >= float64(len(c.layout)+len("| ")) {
				return step, c.layout
			}
		}
	}
	return max(span/2, time.Hour), "2006-01-02"
}
