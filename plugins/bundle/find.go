package bundle

import (
	"slices"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// bundle is the bundle that a pod belongs to. Without id: none is known.
type bundle struct {
	id, name, version, manager, source string
	verified                           bool // see trust.go
}

// finder finds the bundles and trace contexts of pods. Everything that doesn't depend on a pod
// is prepared once; it is immutable afterwards.
type finder struct {
	detectors []detector
	traceKeys []string // of annotations that count; nil: no trace contexts at all
	trust     trust
	needs     needs
}

func newFinder(c Config) *finder {
	f := &finder{detectors: c.chosen(), trust: c.trust()}
	var byHand []version
	if len(f.detectors) > 0 && f.detectors[0].name == custom {
		// An explicit version counts for every manager.
		byHand, f.detectors[0].versions = f.detectors[0].versions, nil
	}
	for i := range f.detectors {
		d := &f.detectors[i]
		d.versions = slices.Concat(byHand, d.versions, versions[:])
	}
	if c.trace() {
		f.traceKeys = f.trust.annotations(slices.Concat(c.TraceKeys, traceKeys[:]))
	}
	f.needs = needsOf(f)
	return f
}

// find returns the bundle and the trace context of a pod, as far as they are final: while
// owners are pending, it omits everything that they could change.
func (f *finder) find(pod *enricher.Pod) (b bundle, traceparent string) {
	c := newChain(pod)
	var certain bool // the version is final, even if empty
	if d, ok := f.detect(&c, &b); ok {
		b.manager = d.name
		b.version, certain = d.versionOf(&c)
	}
	if f.traceKeys == nil {
		return b, ""
	}
	if traceparent = f.givenTrace(&c); traceparent == "" && certain && !c.open {
		traceparent = deriveTrace(b.id, b.version, pod.GetUid())
	}
	return b, traceparent
}

// detect asks the detectors in order. While owners are pending, it stops at the first detector
// that could still find a mark on an owner.
func (f *finder) detect(c *chain, b *bundle) (*detector, bool) {
	for i := range f.detectors {
		d := &f.detectors[i]
		if d.match(c, &f.trust, b) {
			return d, true
		}
		if c.pod.GetOwnersPending() && d.mayMatch(c.at(0)) {
			break
		}
	}
	return nil, false
}

// mayMatch reports whether the detector could still find a mark once the owners are known.
func (d *detector) mayMatch(pod object) bool {
	return !d.onPod || slices.ContainsFunc(d.marks, func(m mark) bool { return pod.get(m.key) != "" })
}

// match looks for a mark that is not refused, on the pod and then on its owners,
// nearest first.
func (d *detector) match(c *chain, t *trust, b *bundle) bool {
	n := c.len()
	if d.onPod {
		n = 1
	}
	for i := range n {
		o := c.at(i)
		for j := range d.marks {
			m := &d.marks[j]
			value := o.get(m.key)
			if value == "" {
				continue
			}
			claimed := m.read(c.pod, o, value)
			verified := claimed.namespace == c.pod.GetNamespace() || t.protects(m)
			if claimed.id == "" || !verified && t.refusesOthers {
				continue
			}
			b.id, b.name, b.source, b.verified = claimed.id, claimed.name, m.key.name, verified
			return true
		}
	}
	return false
}

// versionOf returns the version of the detector's bundle: from the pod or a lasting object,
// else the revision of the rollout. It is not final while a lasting object is pending.
func (d *detector) versionOf(c *chain) (version string, certain bool) {
	for i := range c.lasting {
		o := c.at(i)
		for j := range d.versions {
			v := &d.versions[j]
			value := o.get(v.key)
			if value != "" && v.read != nil {
				value = v.read(value)
			}
			if value != "" {
				return value, true
			}
		}
	}
	if c.open || c.unversioned {
		return "", false
	}
	return c.revision, true
}
