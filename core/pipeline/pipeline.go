// Package pipeline connects the steps of the program, and is the only package that
// depends on their order: take an event, compare it with the state of its pod, enrich
// and emit the records of the difference, commit them as a group, and write its lines.
// A line is in the journal before it is on stdout.
package pipeline

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// Pipeline turns events into records. Use [New].
type Pipeline struct {
	set       Settings
	pods      *pods
	events    *eventLog    // nil: Events are not watched
	workloads *workloadLog // nil: workloads are not watched
	seq       uint64
	// pending are the records of the group that are not emitted yet.
	pending      []record.Record
	pendingBytes int // at most; see sizeOf
	group        group
	// overdue fires when changes without a record have waited long enough.
	overdue <-chan time.Time
	// joinable fires when an Event has waited long enough for its pod.
	joinable  <-chan time.Time
	announced time.Time   // when dropped records were last announced
	spans     []span.Span // that ended by time
	obsolete  []string    // keys of state that nothing uses any more

	made      time.Time    // busySince is measured from here, whatever happens to the clock
	busySince atomic.Int64 // plus 1; 0: neither committing nor writing
}

// New returns a pipeline without pods.
func New(s Settings) *Pipeline {
	p := &Pipeline{set: s, pods: newPods(s.Rules, s.SkipInitial), group: newGroup(), made: time.Now()}
	if s.Events != nil {
		p.events = newEventLog(*s.Events, s.SkipInitial)
		p.pods.gone, _ = simplelru.NewLRU[string, *status.State](maxGone, nil) // fails only for sizes below 1
	}
	if s.Workloads != nil {
		p.workloads = newWorkloadLog(*s.Workloads, s.SkipInitial)
	}
	return p
}

// Run takes events until the channel is closed, then returns nil with the records
// of all of them committed and written. If ctx ends before that, Run returns its
// error, and the last write may be incomplete.
//
// A group is the events that came in while the last one was committed: no event
// waits for a group to fill, and under load groups grow by themselves. While stdout
// or the journal blocks, no event is taken: that is the back-pressure on the watch.
func (p *Pipeline) Run(ctx context.Context, events <-chan watch.Event) error {
	if err := p.writeEarlier(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-p.ticks():
			if err := p.tick(ctx, now); err != nil {
				return err
			}
		case <-p.overdue:
			if err := p.commit(ctx); err != nil {
				return err
			}
		case <-p.joinable:
			now := time.Now()
			if err := p.process(ctx, now, func() error { return p.takeWaiting(ctx, now) }); err != nil {
				return err
			}
		case ev, ok := <-events:
			if !ok {
				return p.finish(ctx)
			}
			if err := p.process(ctx, ev.Received, func() error { return p.takeGroup(ctx, ev, events) }); err != nil {
				return err
			}
		}
	}
}

// process takes events, the first of which was received at that time, and emits, commits
// and writes their records.
func (p *Pipeline) process(ctx context.Context, received time.Time, take func() error) error {
	before := p.seq
	if err := take(); err != nil {
		return err
	}
	if err := p.emitPending(ctx); err != nil {
		return err
	}
	if p.seq == before {
		p.commitLater()
		return nil
	}
	if err := p.commit(ctx); err != nil {
		return err
	}
	p.set.Meter.Group(time.Since(received))
	return nil
}

// Busy returns for how long the pipeline has been committing and writing the
// present group. Much more than a second means that the journal or stdout blocks.
func (p *Pipeline) Busy() time.Duration {
	since := p.busySince.Load()
	if since == 0 {
		return 0
	}
	return time.Since(p.made) - time.Duration(since-1)
}

// busy begins what [Pipeline.Busy] measures, until the returned function is called.
func (p *Pipeline) busy() (done func()) {
	p.busySince.CompareAndSwap(0, int64(time.Since(p.made))+1)
	return func() { p.busySince.Store(0) }
}

// Pods returns the number of pods in the pipeline's state.
func (p *Pipeline) Pods() int { return p.pods.count() }

// Known reports whether records were already emitted for this resourceVersion of
// the pod.
func (p *Pipeline) Known(pod *corev1.Pod) bool { return p.pods.known(pod) }

// KnownEvent reports whether the Event may have been taken when it last changed. With a selector
// of pods, any Event may: those of other pods are not tracked.
func (p *Pipeline) KnownEvent(e *corev1.Event) bool {
	return p.events.Rules.PodsOnly || !p.events.Rules.Wants(e) || p.events.tracker.Known(e)
}

// KnownWorkload reports whether records were already emitted for this resourceVersion of the
// workload.
func (p *Pipeline) KnownWorkload(resource string, w *workloadwire.Workload) bool {
	return p.workloads.known(resource, w)
}

// Workloads returns the number of workloads in the pipeline's state.
func (p *Pipeline) Workloads() int { return p.workloads.count() }

// Events returns the number of tracked Events, and of those that made way for others.
func (p *Pipeline) Events() (tracked int, evicted uint64) { return p.events.tracker.Count() }

// Annotations returns the keys of the annotations that events need to have.
func (p *Pipeline) Annotations() []string { return p.set.Rules.AnnotationKeys() }
