// Package pipeline is the conductor, and the only place that knows the way of an
// event: it keeps the compact states of pods, has each event compared with
// them, numbers the records of the difference, hands them to the emitter, and
// commits what belongs together as a group.
package pipeline

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

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

// Outbox is where encoded records wait to be sent.
type Outbox interface {
	// Commit adds a group. It blocks while there is no room, until ctx ends.
	Commit(ctx context.Context, g journal.Group) error
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
	Enricher    Enricher // nil: nothing is added
	Emitter     Emitter
	// Encoded returns the records encoded since the last call, for the outbox.
	// Nil where nothing is sent.
	Encoded func() [][]byte
	Outbox  Outbox // nil where Encoded is
	Meter   Meter
}

const (
	// maxGroup is the number of events after which a group is committed although
	// more are waiting.
	maxGroup = 256
	// maxPending is the number of records after which they are enriched although
	// the group is not complete: two batches, which a plugin gets at the same time,
	// so that each record waits for one deadline.
	maxPending = 128
	// maxStaged is the number of records after which they are committed although
	// the group is not complete: one event can find that all pods are gone.
	maxStaged = 1024
)

// Pipeline turns events into records. Use [New].
type Pipeline struct {
	set  Settings
	pods *pods
	seq  uint64
	// pending are the records of the group that are not emitted yet.
	pending []record.Record
	// staged is the number of records emitted since the last commit.
	staged int

	busySince atomic.Int64 // Unix nanoseconds; 0: not committing
}

// New returns a pipeline that knows no pod.
func New(s Settings) *Pipeline {
	return &Pipeline{set: s, pods: newPods(s.Rules, s.SkipInitial)}
}

// Run takes events until the channel is closed, then returns nil with all of
// them written and committed, or until ctx ends, then it returns why, and what
// was being written may be incomplete.
//
// A group is what has come in while the last one was committed: nobody waits
// for a group to fill, and under load groups grow by themselves. While a sink
// or the outbox blocks, no event is taken: that is the back-pressure on the
// watch.
func (p *Pipeline) Run(ctx context.Context, events <-chan watch.Event) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ev, ok := <-events:
			if !ok {
				return nil
			}
			if err := p.group(ctx, ev, events); err != nil {
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
	return time.Since(time.Unix(0, since))
}

// Pods returns the number of pods known.
func (p *Pipeline) Pods() int { return int(p.pods.count.Load()) }

// group emits the records of the event and of those that wait behind it, and
// commits them.
func (p *Pipeline) group(ctx context.Context, first watch.Event, events <-chan watch.Event) error {
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
	records := p.pods.apply(ev)
	for len(records) > 0 {
		n := min(len(records), maxPending-len(p.pending))
		p.pending = append(p.pending, records[:n]...)
		records = records[n:]
		if len(p.pending) < maxPending {
			continue
		}
		if err := p.emit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// emit enriches and numbers the pending records, and hands them to the emitter.
func (p *Pipeline) emit(ctx context.Context) error {
	records := p.pending
	defer func() {
		clear(p.pending) // don't keep what they refer to
		p.pending = p.pending[:0]
	}()
	if p.set.Enricher != nil && len(records) > 0 {
		records = p.set.Enricher.Enrich(ctx, records)
	}
	for i := range records {
		r := &records[i]
		p.seq++
		r.Seq = p.seq
		if err := p.set.Emitter.Emit(ctx, r); err != nil {
			return err
		}
		p.set.Meter.Record(r.Action, r.State)
		p.staged++
		if p.staged < maxStaged {
			continue
		}
		if err := p.commit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// commit writes the lines first: the outbox may be full, and a receiver that is
// away must not hold them up before it is.
func (p *Pipeline) commit(ctx context.Context) error {
	p.busySince.Store(time.Now().UnixNano())
	defer p.busySince.Store(0)
	if err := p.set.Emitter.Flush(ctx); err != nil {
		return err
	}
	p.staged = 0
	if p.set.Encoded == nil {
		return nil
	}
	if err := p.set.Outbox.Commit(ctx, journal.Group{Records: p.set.Encoded()}); err != nil {
		return fmt.Errorf("commit records: %w", err)
	}
	return nil
}
