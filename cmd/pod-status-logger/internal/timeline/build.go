package timeline

import (
	"cmp"
	"slices"
	"time"
)

// Build makes the timeline of all records so far. More records may be added later, for another one.
func (b *Builder) Build() *Timeline {
	t := &Timeline{}
	rollouts := map[rolloutKey]*Rollout{}
	var histories []*history
	for _, s := range b.order {
		if !b.filter.selectsBundle(s) {
			continue
		}
		h := newHistory(s, b.lag.isReplay())
		t.Duplicates += h.duplicates
		histories = append(histories, h)
		t.extend(h)
	}
	since, until := b.filter.Since.resolve(t.End, t.Start), b.filter.Until.resolve(t.End, t.End)
	for _, h := range histories {
		h.close(t.End)
		if !h.within(since, until) {
			continue
		}
		key := h.story.rollout()
		r := rollouts[key]
		if r == nil {
			r = key.new(h.story)
			rollouts[key] = r
			t.Rollouts = append(t.Rollouts, r)
		}
		r.Pods = append(r.Pods, h.pod)
	}
	t.Start, t.End = since, until
	t.sort()
	return t
}

// extend extends the timeline to what happened to a pod while its records were emitted.
func (t *Timeline) extend(h *history) {
	if t.Start.IsZero() || h.first.Before(t.Start) {
		t.Start = h.first
	}
	if h.last.After(t.End) {
		t.End = h.last
	}
}

// sort sorts rollouts and pods by their first sign of life. Then the order of the input has no effect.
func (t *Timeline) sort() {
	for _, r := range t.Rollouts {
		slices.SortFunc(r.Pods, comparePods)
	}
	slices.SortFunc(t.Rollouts, func(a, b *Rollout) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), comparePods(a.Pods[0], b.Pods[0]))
	})
}

func comparePods(a, b *Pod) int {
	return cmp.Or(a.begin().Compare(b.begin()), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.UID, b.UID))
}

func (p *Pod) begin() time.Time {
	if len(p.Intervals) == 0 {
		return p.Created
	}
	return p.Intervals[0].Start
}

// rolloutKey identifies a rollout.
type rolloutKey struct{ cluster, id, version, fallback string }

func (s *story) rollout() rolloutKey {
	key := rolloutKey{cluster: s.cluster, id: s.bundleID, version: s.version}
	if key.id == "" {
		key.fallback = cmp.Or(s.workload, "")
		key.fallback = s.namespace + "/" + key.fallback
	}
	return key
}

// new returns the rollout of a pod, without its pods.
func (k rolloutKey) new(s *story) *Rollout {
	r := &Rollout{
		Cluster: k.cluster, ID: k.id, Name: cmp.Or(s.bundleName, s.bundleID), Version: k.version, TraceID: s.trace,
	}
	if k.id == "" {
		r.Name, r.TraceID = cmp.Or(s.workload, "namespace "+s.namespace), ""
	}
	return r
}
