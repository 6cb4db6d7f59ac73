//go:build node

package scenarios

import "strings"

// containerRecords returns the records of what changed in the containers.
func (r *reported) containerRecords(p pod) (all []object) {
	before := map[string]container{}
	for _, c := range r.containers() {
		before[c.name] = c
	}
	var hidden, visible []object
	for _, c := range p.containers() {
		was, known := before[c.name]
		if r.hides(c, was) {
			hidden = append(hidden, hiddenEnd(p, c))
		}
		if !known || facts(was) != facts(c) && !r.repeats(c, was) {
			rec := containerRecord(p, c, c.state())
			if c.lost(was) && !p.deleting() {
				rec["level"] = "warning"
			}
			visible = append(visible, rec)
		}
	}
	return append(hidden, visible...)
}

// repeats reports whether a container only shows again, as its state, an end that has
// had a record as its last state, or one that the kubelet made up after such an end.
func (r *reported) repeats(c, was container) bool {
	if !c.finished() || was.state().kind == "running" {
		return false
	}
	if text(c.state().detail, "reason") == "ContainerStatusUnknown" && r.hasEnded(c.name) {
		return true
	}
	return !was.finished() && c.restarts() == was.restarts() && r.ends[c.name+" "+endOf(c.state().detail)]
}

// hasEnded reports whether an end of the container has had a record.
func (r *reported) hasEnded(name string) bool {
	for end := range r.ends {
		if strings.HasPrefix(end, name+" ") {
			return true
		}
	}
	return false
}

// lost reports whether a running container is not ready any more.
func (c container) lost(was container) bool {
	return c.state().kind == "running" && was.state().kind == "running" && was.ready() && !c.ready()
}

// remember notes the ends that a pod shows: each has had its record.
func (r *reported) remember(p pod) {
	for _, c := range p.containers() {
		if c.last() != nil {
			r.ends[c.name+" "+endOf(c.last())] = true
		}
		if c.finished() {
			r.ends[c.name+" "+endOf(c.state().detail)] = true
		}
	}
}

// hides reports whether a container ended in between: its last state is an end that
// has had no record.
func (r *reported) hides(c, was container) bool {
	last := c.last()
	if last == nil || r.ends[c.name+" "+endOf(last)] {
		return false
	}
	if !madeUp(last) {
		return true
	}
	// Kubernetes made this end up. It stands for a real one only if the container was
	// running before.
	return text(last, "reason") == "ContainerStatusUnknown" && was.state().kind == "running"
}

// madeUp reports whether an end is not what happened, but what the kubelet assumes.
func madeUp(terminated object) bool {
	if text(terminated, "reason") == "ContainerStatusUnknown" {
		return true
	}
	return number(terminated, "exitCode") == 137 && terminated["startedAt"] == nil && terminated["finishedAt"] == nil
}

// endOf identifies an end of a container: each run has a containerID of its own.
func endOf(terminated object) string {
	if id := text(terminated, "containerID"); id != "" {
		return id
	}
	return canonical(terminated)
}

// facts are the facts of a container that are worth a record.
func facts(c container) string {
	s := c.state()
	var devices []object
	for _, d := range c.devices() {
		devices = append(devices, object{"id": d["resourceID"], "health": d["health"]})
	}
	var reason, message string
	if s.kind != "running" {
		reason, message = s.reason, s.message
	}
	return canonical([]any{
		s.kind, reason, message, s.detail["exitCode"], s.detail["signal"], c.restarts(), c.ready(), devices,
	})
}

func hiddenEnd(p pod, c container) object {
	rec := containerRecord(p, c, stateOf(object{"terminated": c.last()}))
	rec["ready"] = false
	// What waits has the count of the run before, unless the kubelet raised it as it made
	// up the end.
	if c.state().kind != "waiting" || madeUp(c.last()) {
		rec["restart_count"] = c.restarts() - 1
	}
	return rec
}

func containerRecord(p pod, c container, s state) object {
	rec := base(p, "update")
	rec["container"], rec["container_type"], rec["image"] = c.name, c.kind, imageOf(c)
	rec["ready"], rec["restart_count"] = c.ready(), c.restarts()
	seen, level := shownState(p, c, s)
	rec["state"], rec["level"] = seen.kind, level
	setReason(rec, seen)
	if s.kind == "terminated" {
		rec["exit_code"] = s.exit()
		if signal := number(s.detail, "signal"); signal != 0 {
			rec["signal"] = signal
		}
	}
	return rec
}

// imageOf is the reference in the status, or that in the spec if the status has a
// bare digest.
func imageOf(c container) string {
	image := text(c.status, "image")
	if len(image) > 7 && image[:7] == "sha256:" {
		return text(c.spec, "image")
	}
	return image
}

func shown(p pod, c container) (state, string) { return shownState(p, c, c.state()) }

// shownState is a container's state as records show it, and its level.
func shownState(p pod, c container, s state) (state, string) {
	switch s.kind {
	case "waiting":
		switch {
		case s.erroneous():
			s.kind = "error"
			return s, "error"
		case p.deleting():
			return s, "info"
		}
		return s, "warning"
	case "running":
		for _, device := range c.devices() {
			s.reason, s.message = text(device, "health"), text(device, "message")
			if !p.deleting() {
				return s, "warning"
			}
		}
		return s, "info"
	}
	expected := p.deleting() || c.kind == "sidecar" && over(p)
	switch {
	case s.exit() == 0 && s.reason == "OOMKilled" && !expected:
		return s, "error"
	case s.exit() != 0 && !expected:
		return s, "error"
	}
	return s, "info"
}

// over reports whether all regular containers have ended.
func over(p pod) bool {
	for _, c := range p.containers() {
		if c.regular() && !c.finished() {
			return false
		}
	}
	return true
}
