package timeline

import "time"

// set begins an interval, unless the row is in that state already. The time is not before the last start.
func (r *Row) set(kind Kind, c *change, at time.Time) {
	if n := len(r.Intervals); n > 0 {
		last := &r.Intervals[n-1]
		if last.Kind == kind && last.Restarts == c.restarts {
			return
		}
		if at.Before(last.Start) {
			at = last.Start
		}
		if last.Open {
			last.End, last.Open = at, false
		}
	}
	r.Intervals = append(r.Intervals, Interval{Start: at, End: at, Kind: kind, Open: true, Fact: c.fact()})
}

func (r *Row) mark(kind MarkKind, c *change, at time.Time) {
	r.Marks = append(r.Marks, Mark{At: at, Kind: kind, Fact: c.fact()})
}

// end ends the last interval.
func (r *Row) end(at time.Time) {
	if n := len(r.Intervals); n > 0 && r.Intervals[n-1].Open {
		last := &r.Intervals[n-1]
		last.End, last.Open = at, false
		if at.Before(last.Start) {
			last.End = last.Start
		}
	}
}

// extend draws an open interval out to the end of the timeline.
func (r *Row) extend(end time.Time) {
	if n := len(r.Intervals); n > 0 && r.Intervals[n-1].Open && end.After(r.Intervals[n-1].Start) {
		r.Intervals[n-1].End = end
	}
}
