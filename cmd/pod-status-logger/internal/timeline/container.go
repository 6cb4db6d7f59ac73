package timeline

import "time"

// container extends the row of a container.
func (h *history) container(c *change, at time.Time) {
	row, d := h.containerOf(c), c.detail
	row.Restarts = max(row.Restarts, c.restarts)
	if d.Image != "" {
		row.Image = d.Image
	}
	kind := kindOf(d)
	row.set(kind, c, at)
	if kind == Failed && d.Level == "error" {
		row.mark(Failure, c, at)
	}
	h.kinds[d.Container] = containerKind{kind, d.Type}
	if d.Ready && d.Type != typeInit {
		h.notReady = false // the condition of the pod has no record beside that of the container
	}
	if !h.ending { // then the record of the pod shows whether it failed or was stopped
		h.phase(d.Phase)
	}
}

func (h *history) containerOf(c *change) *Container {
	d := c.detail
	row := h.byName[d.Container]
	if row == nil {
		row = &Container{Name: d.Container, Type: d.Type}
		h.byName[d.Container] = row
		h.pod.Containers = append(h.pod.Containers, row)
	}
	return row
}

func (h *history) rowOf(c *change) *Row { return &h.containerOf(c).Row }

// kindOf returns the kind of a container's state.
func kindOf(d *Detail) Kind {
	switch d.State {
	case "error":
		return Stuck
	case "running":
		if d.Ready || d.Type == typeInit { // those are never ready
			return Ready
		}
		return Running
	case "terminated":
		if d.Level == "info" {
			return Done
		}
		return Failed
	}
	switch d.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return Starting
	}
	return BackOff
}

// state returns the state of the pod as a whole.
func (h *history) state() Kind {
	switch {
	case h.ended != 0:
		return h.ended
	case h.ending:
		return Ending
	case h.pod.Node == "" && len(h.kinds) == 0 && h.assumed != Ready:
		return Pending
	}
	worst := Kind(0)
	for _, c := range h.kinds {
		if h.matters(c) && c.kind.badness() > worst.badness() {
			worst = c.kind
		}
	}
	if worst == 0 {
		worst = h.assumed
	}
	if worst == Ready && h.notReady {
		return Running
	}
	return worst
}

// matters reports whether the state of a container counts for that of its pod.
func (h *history) matters(c containerKind) bool {
	switch c.typ {
	case typeEphemeral:
		return false
	case typeInit:
		return c.kind.IsTrouble()
	}
	return true
}
