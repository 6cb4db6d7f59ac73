package timeline

import (
	"cmp"
	"slices"
	"time"
)

// history makes the intervals of a pod of its records.
type history struct {
	story       *story
	pod         *Pod
	byName      map[string]*Container
	kinds       map[string]containerKind
	first, last time.Time // of what happened while records were emitted
	duplicates  int

	assumed  Kind // the state of containers without records
	notReady bool // the pod as a whole, although its containers may be
	ending   bool
	failed   bool // the pod as a whole has a mark
	ended    Kind // Failed or Done, by the pod's phase
}

type containerKind struct {
	kind Kind
	typ  string
}

// Types of containers whose end is not that of the pod.
const (
	typeInit      = "init"
	typeEphemeral = "ephemeral"
)

func newHistory(s *story, replay bool) *history {
	h := &history{
		story: s,
		pod:   &Pod{Namespace: s.namespace, Name: s.name, UID: s.uid}, assumed: Starting,
		byName: map[string]*Container{}, kinds: map[string]containerKind{},
	}
	changes := slices.Clone(s.changes)
	slices.SortStableFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.received, b.received), cmp.Compare(a.seq, b.seq))
	})
	seen := make(map[ID]bool, len(changes))
	clock := clock{replay: replay}
	for i := range changes {
		c := &changes[i]
		if c.id != (ID{}) && seen[c.id] {
			h.duplicates++
			continue
		}
		seen[c.id] = true
		h.apply(c, clock.at(c))
	}
	return h
}

// apply extends the rows by a change at this time.
func (h *history) apply(c *change, at time.Time) {
	d := c.detail
	if d.Node != "" {
		h.pod.Node = d.Node
	}
	if c.initial { // what happened before the first record doesn't widen the timeline
		h.observe(fromNanos(c.received))
	} else {
		h.observe(at)
	}
	switch {
	case d.Action == "create":
		h.create(c, at)
	case d.Action == "delete":
		h.delete(at)
		return
	case d.Action != "update":
		h.note(c, at)
		return
	case d.Device != "":
		h.device(c, at)
	case d.Condition != "":
		h.condition(c, at)
	case d.Container != "":
		h.container(c, at)
	default:
		h.whole(c, at)
	}
	if kind := h.state(); len(h.pod.Intervals) == 0 || h.pod.Intervals[len(h.pod.Intervals)-1].Kind != kind {
		h.pod.set(kind, c, at)
	}
}

func (h *history) observe(at time.Time) {
	if h.first.IsZero() || at.Before(h.first) {
		h.first = at
	}
	if at.After(h.last) {
		h.last = at
	}
}

func (h *history) create(c *change, at time.Time) {
	h.pod.Created, h.assumed = at, Starting
	if c.detail.Phase == "Running" { // only containers in another state have records
		h.assumed = Ready
	}
	h.phase(c.detail.Phase)
}

func (h *history) phase(phase string) {
	switch phase {
	case "Failed":
		h.ended = Failed
	case "Succeeded":
		h.ended = Done
	}
}

// delete ends all rows.
func (h *history) delete(at time.Time) {
	h.pod.Deleted = true
	h.pod.end(at)
	for _, container := range h.pod.Containers {
		container.end(at)
	}
}

// device marks a device that is not healthy.
func (h *history) device(c *change, at time.Time) {
	if c.detail.Level != "info" {
		h.rowOf(c).mark(Warning, c, at)
	}
}

func (h *history) condition(c *change, at time.Time) {
	d := c.detail
	switch {
	case d.Condition == "DisruptionTarget" && d.ConditionStatus == "True":
		h.pod.mark(Disruption, c, at)
	case d.Condition == "Ready":
		h.notReady = d.ConditionStatus != "True"
		if d.Level == "warning" {
			h.pod.mark(Warning, c, at)
		}
	case d.Level == "warning":
		h.pod.mark(Warning, c, at)
	}
}

// whole is a change of the pod as a whole.
func (h *history) whole(c *change, at time.Time) {
	h.ending = h.ending || c.ending
	if h.ended == 0 {
		h.phase(c.detail.Phase)
		if h.ended == Failed && h.ending && c.detail.Level == "info" {
			h.ended = Done // its containers were stopped
		}
	}
	if c.detail.Phase == "Failed" && c.detail.Level == "error" && !h.failed {
		h.failed = true
		h.pod.mark(Failure, c, at)
	}
}

// note marks a record that is about no change of the pod, such as an Event.
func (h *history) note(c *change, at time.Time) {
	if c.detail.Level == "info" {
		return
	}
	row := &h.pod.Row
	if c.detail.Container != "" {
		row = h.rowOf(c)
	}
	row.mark(Warning, c, at)
}

// close extends open intervals to the end of the timeline.
func (h *history) close(end time.Time) {
	h.pod.extend(end)
	for _, c := range h.pod.Containers {
		c.extend(end)
	}
}

// within reports whether the pod existed at a time of the window.
func (h *history) within(since, until time.Time) bool {
	rows := h.pod.Intervals
	return len(rows) > 0 && !rows[0].Start.After(until) && !rows[len(rows)-1].End.Before(since)
}
