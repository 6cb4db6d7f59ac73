package explain

import (
	"fmt"
	"slices"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// withoutTrouble describes a pod whose records show no cause.
func withoutTrouble(p *timeline.Pod) string {
	if len(p.Intervals) == 0 {
		return "was deleted, and there are no other records"
	}
	last := p.Intervals[len(p.Intervals)-1]
	if was(p, timeline.Ending) {
		if !p.Deleted {
			return "is being deleted" + before(p)
		}
		return "was deleted on request" + before(p)
	}
	switch last.Kind {
	case timeline.Pending:
		return "is not scheduled yet"
	case timeline.Starting:
		if p.Deleted {
			return "was deleted before it started"
		}
		return "is starting: its containers are not created yet, such as while a volume is mounted or an image is pulled"
	case timeline.Running:
		return "runs, but is not ready: a readiness or startup probe has not succeeded"
	case timeline.Done:
		return "ended well"
	case timeline.Failed:
		return "failed, and no record names a cause"
	}
	if d, ok := untilReady(p); ok {
		return fmt.Sprintf("had no failure: it was ready after %v", d.Round(100*time.Millisecond))
	}
	return "had no failure in these records"
}

// before describes the life of a pod before its deletion.
func before(p *timeline.Pod) string {
	switch {
	case was(p, timeline.Ready) || was(p, timeline.Done) && was(p, timeline.Running):
		return ", without a failure before"
	case was(p, timeline.Running):
		return ", before it was ready"
	case was(p, timeline.Starting):
		return " before its containers were created, such as while a volume could not be mounted"
	}
	return ""
}

func was(p *timeline.Pod, kind timeline.Kind) bool {
	return slices.ContainsFunc(p.Intervals, func(v timeline.Interval) bool { return v.Kind == kind })
}

// untilReady returns the time from a pod's creation to its readiness.
func untilReady(p *timeline.Pod) (time.Duration, bool) {
	for _, v := range p.Intervals {
		if v.Kind == timeline.Ready && v.Start.After(p.Intervals[0].Start) {
			return v.Start.Sub(p.Intervals[0].Start), true
		}
	}
	return 0, false
}

// end adds how often containers were restarted, and the pod's last state.
func (s *Story) end(p *timeline.Pod, in *time.Location) {
	for _, c := range p.Containers {
		switch {
		case c.Restarts == 1:
			s.Then = append(s.Then, "Container "+c.Name+" was restarted once.")
		case c.Restarts > 1:
			s.Then = append(s.Then, fmt.Sprintf("Container %s was restarted %d times.", c.Name, c.Restarts))
		}
	}
	if len(p.Intervals) == 0 {
		return
	}
	last := p.Intervals[len(p.Intervals)-1]
	if p.Deleted {
		s.Then = append(s.Then, "It was deleted at "+last.End.In(in).Format("15:04:05")+".")
		return
	}
	s.Then = append(s.Then, fmt.Sprintf("With the last record, its state was: %v, since %s.",
		last.Kind, last.Start.In(in).Format("15:04:05")))
}
