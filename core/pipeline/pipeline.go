// Package pipeline is the conductor, and the only place that knows the way of an
// event: it keeps the compact states of pods, has each event compared with
// them, numbers the records of the difference, hands them to the emitter, commits
// what belongs together as a group, and only then has the lines written: what is
// on stdout is in the journal.
package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Emitter takes records; package emit has it.
type Emitter interface {
	// Emit hands a record to the sinks, which keep nothing of it but what they
	// made of it.
	Emit(ctx context.Context, r *record.Record) error
	// Flush writes what the sinks hold back. It may block until ctx ends.
	Flush(ctx context.Context) error
}

// Enricher adds to records what plugins know of them; package enrich has it.
type Enricher interface {
	// Enrich returns the records to emit, in order: all but those that a plugin
	// suppressed. It blocks for a bounded time, whatever plugins do.
	Enrich(ctx context.Context, records []record.Record) []record.Record
}

// Journal is where groups are safe; package journal has it.
type Journal interface {
	// Commit adds a group. It blocks while there is no room, until ctx ends.
	Commit(ctx context.Context, g journal.Group) error
	// Written tells that the lines of all groups are written.
	Written()
	// Dropped tells which records had to make room and are not announced yet.
	Dropped() journal.Drop
	Stats() journal.Stats
}

// Meter counts. Its methods must not block.
type Meter interface {
	// Event counts an event of the watch.
	Event(kind watch.Kind)
	// Record counts a record.
	Record(action record.Action, state record.State)
	// Group tells of a group whose records are all written and committed:
	// how long the oldest of its events took.
	Group(delay time.Duration)
}

// Settings are what a [Pipeline] needs.
type Settings struct {
	Rules status.Rules
	// SkipInitial emits nothing about pods that exist before the first start.
	SkipInitial bool
	// Selector is the label selector of the streams.
	Selector string
	Enricher Enricher // nil: nothing is added
	Emitter  Emitter
	// Encoded returns the records encoded since the last call, for the receiver.
	// Nil where nothing is sent.
	Encoded func() [][]byte
	// Lines returns the lines that Emitter's next Flush will write. Nil where
	// there is no stdout.
	Lines   func() []byte
	Journal Journal
	// Stored says that the journal outlives the process, so that states and
	// checkpoints belong into it.
	Stored bool
	// OnDropped is told of records that had to make room, when a record tells of
	// them. nil: nobody.
	OnDropped func(journal.Drop)
	Meter     Meter
}

const (
	// maxGroup is the number of events after which a group is committed although
	// more are waiting.
	maxGroup = 256
	// maxPending is the number of records after which they are enriched although
	// the group is not complete: one event can find that all pods are gone. Most
	// groups have fewer, so that plugins are called once for each.
	maxPending = 2 * maxGroup
	// maxStaged is the number of records after which they are committed although
	// the group is not complete: one event can find that all pods are gone.
	maxStaged = 1024
	// maxStates is the number of states after which they are committed, likewise: a
	// first list may have nothing to tell but states.
	maxStates = 2048
	// maxUnstored is how long states and checkpoints that no record tells of wait
	// for a group that they can go with. What is lost of them is read again.
	maxUnstored = time.Second
)

// Pipeline turns events into records. Use [New].
type Pipeline struct {
	set  Settings
	pods *pods
	seq  uint64
	// pending are the records of the group that are not emitted yet.
	pending []record.Record
	group   group
	// late fires when what no record told of yet has waited long enough.
	late      <-chan time.Time
	announced time.Time // when it was last told that records had to make room

	made      time.Time    // times are measured from here, whatever happens to the clock
	busySince atomic.Int64 // since then, and 1; 0: neither committing nor writing
}

// New returns a pipeline that knows no pod.
func New(s Settings) *Pipeline {
	return &Pipeline{set: s, pods: newPods(s.Rules, s.SkipInitial), group: newGroup(), made: time.Now()}
}

// Run takes events until the channel is closed, then returns nil with all of
// them committed and written, or until ctx ends, then it returns why, and what
// was being written may be incomplete.
//
// A group is what has come in while the last one was committed: nobody waits
// for a group to fill, and under load groups grow by themselves. While a sink
// or the journal blocks, no event is taken: that is the back-pressure on the
// watch.
func (p *Pipeline) Run(ctx context.Context, events <-chan watch.Event) error {
	if p.set.Stored { // there may be lines of an earlier run
		if err := p.write(ctx); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.late:
			if err := p.commit(ctx); err != nil {
				return err
			}
		case ev, ok := <-events:
			if !ok {
				return p.finish(ctx)
			}
			if err := p.collect(ctx, ev, events); err != nil {
				return err
			}
		}
	}
}

// Busy tells for how long the pipeline has been writing and committing the
// present group. Much more than a second means that a sink does not take it.
func (p *Pipeline) Busy() time.Duration {
	since := p.busySince.Load()
	if since == 0 {
		return 0
	}
	return time.Since(p.made) - time.Duration(since-1)
}

// Pods returns the number of pods known.
func (p *Pipeline) Pods() int { return p.pods.count() }

// Known tells whether this very version of the pod is what has been told of it.
func (p *Pipeline) Known(pod *corev1.Pod) bool { return p.pods.known(pod) }

// Annotations returns the keys of the annotations that pods are to come with.
func (p *Pipeline) Annotations() []string { return p.set.Rules.AnnotationKeys() }

// collect emits the records of the event and of those that wait behind it, and
// commits them.
func (p *Pipeline) collect(ctx context.Context, first watch.Event, events <-chan watch.Event) error {
	before := p.seq
	ev, ok := first, true
	for n := 1; ok; n++ {
		if err := p.take(ctx, ev); err != nil {
			return err
		}
		if n == maxGroup {
			break
		}
		ev, ok = next(events)
	}
	if err := p.emit(ctx); err != nil {
		return err
	}
	if p.seq == before {
		p.put()
		return nil
	}
	if err := p.commit(ctx); err != nil {
		return err
	}
	p.set.Meter.Group(time.Since(first.Received))
	return nil
}

// next returns an event that waits.
func next(events <-chan watch.Event) (watch.Event, bool) {
	select {
	case ev, ok := <-events:
		return ev, ok
	default:
		return watch.Event{}, false
	}
}

// take adds the records of an event to the pending ones.
func (p *Pipeline) take(ctx context.Context, ev watch.Event) error {
	p.set.Meter.Event(ev.Kind)
	if ev.Pod() != nil {
		p.group.received++
	}
	changed := false
	for c := range p.pods.apply(ev) {
		changed = changed || len(c.records) > 0
		if err := p.add(ctx, c); err != nil {
			return err
		}
	}
	if changed {
		p.group.changed++
	}
	ev.Release() // states and records have its strings only
	if ev.Kind == watch.Listed {
		go debug.FreeOSMemory() // a list leaves as much garbage as is kept, and where little happens none is collected for minutes
	}
	return nil
}

// add takes in a change. A group is committed only where none of its records is
// pending: the state of a pod must not be stored before what tells of it.
func (p *Pipeline) add(ctx context.Context, c change) error {
	p.pending = append(p.pending, c.records...)
	if p.set.Stored {
		p.group.pods[c.pod] = c.state
	}
	for len(p.pending) >= maxPending {
		if err := p.emitWindow(ctx, maxPending); err != nil {
			return err
		}
	}
	if p.group.emitted < maxStaged && len(p.group.pods) < maxStates {
		return nil
	}
	if err := p.emit(ctx); err != nil {
		return err
	}
	return p.commit(ctx)
}

// emit emits what is pending.
func (p *Pipeline) emit(ctx context.Context) error {
	if len(p.pending) == 0 {
		return nil
	}
	return p.emitWindow(ctx, len(p.pending))
}

// emitWindow enriches and numbers the first n pending records, and hands them to
// the emitter.
func (p *Pipeline) emitWindow(ctx context.Context, n int) error {
	records := p.pending[:n]
	defer func() {
		left := copy(p.pending, p.pending[n:])
		clear(p.pending[left:]) // don't keep what they refer to
		p.pending = p.pending[:left]
	}()
	if p.set.Enricher != nil {
		records = p.set.Enricher.Enrich(ctx, records)
	}
	p.group.suppressed += uint64(n - len(records)) //nolint:gosec // never more than there were
	for i := range records {
		if err := p.emitOne(ctx, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pipeline) emitOne(ctx context.Context, r *record.Record) error {
	p.seq++
	r.Seq = p.seq
	if err := p.set.Emitter.Emit(ctx, r); err != nil {
		return err
	}
	p.group.emitted++
	p.set.Meter.Record(r.Action, r.State)
	return nil
}

// put leaves what changed without a record for the next group, but not for long.
func (p *Pipeline) put() {
	if p.set.Stored && p.late == nil {
		p.late = time.After(maxUnstored)
	}
}

// finish commits what no record told of yet.
func (p *Pipeline) finish(ctx context.Context) error {
	p.announced = time.Time{}
	if !p.set.Stored && p.set.Journal.Dropped().Records == 0 {
		return nil
	}
	return p.commit(ctx)
}

// commit has the journal take the group before its lines are written. So what
// is on stdout is never told again otherwise: after a crash the same lines are
// written, not what has become of the pods since.
func (p *Pipeline) commit(ctx context.Context) error {
	defer p.busy()()
	announced, err := p.announce(ctx)
	if err != nil {
		return err
	}
	g := p.group.take(p.set.Stored, p.pods, p.seq)
	g.Announced = announced
	if p.set.Encoded != nil {
		g.Records = p.set.Encoded()
	}
	if p.set.Lines != nil {
		g.Lines = p.set.Lines()
	}
	if err := p.set.Journal.Commit(ctx, g); err != nil {
		return fmt.Errorf("commit records: %w", err)
	}
	p.late = p.unannounced()
	return p.write(ctx)
}

// busy begins what [Pipeline.Busy] measures, until the returned function is called.
func (p *Pipeline) busy() (done func()) {
	p.busySince.CompareAndSwap(0, int64(time.Since(p.made))+1)
	return func() { p.busySince.Store(0) }
}

// write writes the lines that the journal has. Those of an earlier run wait where
// now there is no stdout.
func (p *Pipeline) write(ctx context.Context) error {
	defer p.busy()()
	if err := p.set.Emitter.Flush(ctx); err != nil {
		return err
	}
	if p.set.Lines != nil {
		p.set.Journal.Written()
	}
	return nil
}
