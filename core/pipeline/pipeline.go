// Package pipeline connects the steps of the program, and is the only package that
// depends on their order: take an event, compare it with the state of its pod, enrich
// and emit the records of the difference, commit them as a group, and write its lines.
// A line is in the journal before it is on stdout.
package pipeline

import (
	"context"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Pipeline turns events into records. Use [New].
type Pipeline struct {
	set  Settings
	pods *pods
	seq  uint64
	// pending are the records of the group that are not emitted yet.
	pending      []record.Record
	pendingBytes int // at most; see sizeOf
	group        group
	// overdue fires when changes without a record have waited long enough.
	overdue   <-chan time.Time
	announced time.Time // when dropped records were last announced

	made      time.Time    // busySince is measured from here, whatever happens to the clock
	busySince atomic.Int64 // plus 1; 0: neither committing nor writing
}

// New returns a pipeline without pods.
func New(s Settings) *Pipeline {
	return &Pipeline{set: s, pods: newPods(s.Rules, s.SkipInitial), group: newGroup(), made: time.Now()}
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
		case <-p.overdue:
			if err := p.commit(ctx); err != nil {
				return err
			}
		case ev, ok := <-events:
			if !ok {
				return p.finish(ctx)
			}
			if err := p.process(ctx, ev, events); err != nil {
				return err
			}
		}
	}
}

// process takes an event and those that wait behind it, and emits, commits and
// writes their records.
func (p *Pipeline) process(ctx context.Context, first watch.Event, events <-chan watch.Event) error {
	before := p.seq
	if err := p.takeGroup(ctx, first, events); err != nil {
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
	p.set.Meter.Group(time.Since(first.Received))
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

// Annotations returns the keys of the annotations that events need to have.
func (p *Pipeline) Annotations() []string { return p.set.Rules.AnnotationKeys() }
