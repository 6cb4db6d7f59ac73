//go:build node

package scenarios

import (
	"maps"
	"slices"
	"strings"
)

// The oracle derives the records that the program has to emit from etcd's history
// of every pod. It follows docs/records.md and shares no code with the program.

// oracle remembers the last version of each pod that was reported.
type oracle struct{ pods map[string]*reported }

// reported is the last version of a pod and the ends of containers that have had a
// record.
type reported struct {
	pod
	ends map[string]bool // by container and end
}

func newOracle() *oracle { return &oracle{map[string]*reported{}} }

// records returns the records of one change.
func (o *oracle) records(c change) []object {
	p := pod{c.Pod}
	before := o.pods[p.uid()]
	switch {
	case c.Type == "DELETED":
		delete(o.pods, p.uid())
		return []object{deletion(p)}
	case before == nil:
		o.pods[p.uid()] = &reported{p, map[string]bool{}}
		o.pods[p.uid()].remember(p)
		return slices.Concat([]object{base(p, "create")}, firstSight(p))
	}
	containers := before.containerRecords(p)
	all := slices.Concat(podRecords(before.pod, p, len(containers) > 0), containers)
	before.remember(p)
	before.pod = p
	return all
}

// base returns the fields that every record of a pod has.
func base(p pod, action string) object {
	rec := object{
		"action": action, "level": "info", "pod": p.name(), "namespace": p.namespace(), "pod_uid": p.uid(),
		"phase": p.phase(), "resource_version": p.version(),
	}
	if p.node() != "" {
		rec["node"] = p.node()
	}
	maps.Copy(rec, p.labels())
	return rec
}

func deletion(p pod) object {
	rec := base(p, "delete")
	if reason, message := cause(p); reason != "" {
		rec["reason"], rec["info"] = reason, message
	}
	return rec
}

// cause is the reason that Kubernetes gives for the end of a pod.
func cause(p pod) (reason, message string) {
	if p.reason() != "" || p.message() != "" {
		return p.reason(), p.message()
	}
	if c := p.condition("DisruptionTarget"); text(c, "status") == "True" {
		return text(c, "reason"), text(c, "message")
	}
	return "", ""
}

// firstSight returns the records of everything about a new pod that is not plain.
func firstSight(p pod) (all []object) {
	reason, _ := cause(p)
	if p.lost() || p.deleting() {
		all = append(all, summary(p))
	}
	if p.is("PodScheduled", "False") {
		all = append(all, conditionRecord(p, "PodScheduled", p.condition("PodScheduled")))
	}
	if reason != "" && p.is("DisruptionTarget", "True") {
		all = append(all, conditionRecord(p, "DisruptionTarget", p.condition("DisruptionTarget")))
	}
	if p.is("Ready", "False") && p.ready() {
		all = append(all, conditionRecord(p, "Ready", p.condition("Ready")))
	}
	for _, c := range p.containers() {
		if !plain(c) {
			all = append(all, containerRecord(p, c, c.state()))
		}
	}
	return all
}

// ready reports whether all regular containers are ready.
func (p pod) ready() bool {
	all := p.containers()
	return len(all) > 0 && !slices.ContainsFunc(all, func(c container) bool { return c.regular() && !c.ready() })
}

// plain reports whether a container of a new pod needs no record.
func plain(c container) bool {
	switch s := c.state(); s.kind {
	case "waiting":
		return s.reason == "" || s.reason == "ContainerCreating" || s.reason == "PodInitializing"
	case "running":
		return c.ready() && len(c.devices()) == 0
	default:
		return !s.failed()
	}
}

// summary returns a record of the pod as a whole.
func summary(p pod) object {
	rec := base(p, "update")
	s, level := summaryOf(p)
	rec["state"], rec["level"] = s.kind, level
	setReason(rec, s)
	return rec
}

// setReason sets reason and info: always for waiting and error, else if Kubernetes
// gives one.
func setReason(rec object, s state) {
	if s.kind == "waiting" || s.kind == "error" || s.reason != "" || s.message != "" {
		rec["reason"], rec["info"] = s.reason, s.message
	}
}

// summaryOf is the pod's overall state and level.
func summaryOf(p pod) (s state, level string) {
	switch p.phase() {
	case "Succeeded":
		return state{kind: "terminated", reason: p.reason(), message: p.message()}, "info"
	case "Failed", "Unknown":
		return failure(p)
	}
	if p.deleting() {
		s, _ = worst(p)
		if s.reason == "ImagePullBackOff" && p.waits() {
			return s, "warning" // as it was always reported
		}
		return s, "info"
	}
	if c := p.condition("PodScheduled"); text(c, "status") == "False" && text(c, "reason") != "" {
		return state{kind: "waiting", reason: text(c, "reason"), message: text(c, "message")}, "warning"
	}
	return worst(p)
}

// waits reports whether all containers of a pod wait.
func (p pod) waits() bool {
	return !slices.ContainsFunc(p.containers(), func(c container) bool { return c.state().kind != "waiting" })
}

// failure is the summary of a pod that failed: the reason is the pod's own, or that
// of the first container that failed.
func failure(p pod) (s state, level string) {
	if reason, message := cause(p); reason != "" || message != "" {
		return state{kind: "error", reason: reason, message: message}, "error"
	}
	s, level = state{kind: "error"}, "error"
	if p.deleting() {
		level = "info"
	}
	for _, c := range p.containers() {
		if c.regular() && c.state().failed() {
			s.reason, s.message = c.state().reason, c.state().message
			break
		}
	}
	return s, level
}

// worst is the state of the container that is worst off.
func worst(p pod) (state, string) {
	all := p.containers()
	if len(all) == 0 {
		return state{kind: "waiting"}, "warning"
	}
	for _, c := range all {
		s := c.state()
		unfinished := c.kind == "init" && (s.kind != "terminated" || s.exit() != 0)
		if unfinished || c.kind == "sidecar" && s.kind == "waiting" {
			return shown(p, c)
		}
	}
	order := []string{"error", "waiting", "terminated error", "running", "terminated info"}
	best, found, foundLevel := len(order), state{kind: "waiting"}, "warning"
	for _, c := range all {
		if !c.regular() {
			continue
		}
		s, level := shown(p, c)
		rank := slices.IndexFunc(order, func(kind string) bool { return strings.HasPrefix(s.kind+" "+rankLevel(c), kind) })
		if rank < best {
			best, found, foundLevel = rank, s, level
		}
	}
	return found, foundLevel
}

// rankLevel distinguishes a failure from a good end even while the pod is deleted,
// when both have the level info.
func rankLevel(c container) string {
	if c.state().failed() {
		return "error"
	}
	return "info"
}
