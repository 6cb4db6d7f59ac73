package pipeline

import (
	"context"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

const (
	// maxGroup is the number of events after which a group is committed although
	// more are waiting.
	maxGroup = 256
	// maxPending is the number of records after which they are enriched although
	// the group is not complete: one event can find that all pods are gone. Most
	// groups have fewer, so that plugins are called once for each.
	maxPending = 2 * maxGroup
	// maxStaged is the number of records after which they are committed although
	// the group is not complete, likewise.
	maxStaged = 1024
	// maxStagedBytes is the number of encoded bytes after which they are committed as a
	// part of the group: one event can have thousands of records.
	maxStagedBytes = 4 << 20
	// maxPendingBytes is the number of bytes in pending records after which the group
	// is committed although it is not complete.
	maxPendingBytes = 2 << 20
	// maxStates is the number of states after which they are committed, likewise: a
	// first list may have states only, and no records.
	maxStates = 2048
)

// takeGroup takes an event and those that wait behind it.
func (p *Pipeline) takeGroup(ctx context.Context, ev watch.Event, events <-chan watch.Event) error {
	for n := 1; ; n++ {
		if err := p.take(ctx, ev); err != nil || n == maxGroup {
			return err
		}
		var ok bool
		if ev, ok = next(events); !ok {
			return nil
		}
	}
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

// take compares an event with the states, and adds the records of the difference to
// the pending ones.
func (p *Pipeline) take(ctx context.Context, ev watch.Event) error {
	p.set.Meter.Event(ev.Resource, ev.Kind)
	if p.events != nil && ev.Resource == p.events.resource {
		now := time.Now()
		p.events.wait(ev, now)
		return p.takeWaiting(ctx, now)
	}
	if p.workloads.has(ev.Resource) {
		return p.takeWorkload(ctx, ev)
	}
	if ev.Pod() != nil {
		p.group.received++
	}
	changed := false
	for c := range p.pods.apply(ev) {
		changed = changed || len(c.records) > 0
		p.observe(&c, ev.Received)
		if err := p.add(ctx, c); err != nil {
			return err
		}
	}
	if changed {
		p.group.changed++
	}
	ev.Release() // states and records have its strings only
	if ev.Kind == watch.Listed && p.set.OnListed != nil {
		p.set.OnListed()
	}
	if p.events != nil && len(p.events.waiting) > 0 {
		return p.takeWaiting(ctx, time.Now())
	}
	return nil
}

// takeWorkload compares a workload with its state, and adds the records to the pending ones.
func (p *Pipeline) takeWorkload(ctx context.Context, ev watch.Event) error {
	records := p.workloads.apply(ev)
	ev.Release()
	p.pending = append(p.pending, records...)
	p.pendingBytes += sizeOf(records)
	return p.makeRoom(ctx)
}

// takeWaiting takes the Events that need not wait for their pods any longer.
func (p *Pipeline) takeWaiting(ctx context.Context, now time.Time) error {
	for {
		ev, ok := p.events.next(p.pods, now)
		if !ok {
			p.joinable = p.events.due(now)
			return nil
		}
		records := p.events.apply(ev, p.pods)
		p.pending = append(p.pending, records...)
		p.pendingBytes += sizeOf(records)
		ev.Release()
		if err := p.makeRoom(ctx); err != nil {
			return err
		}
	}
}

// add adds a change to the group.
func (p *Pipeline) add(ctx context.Context, c change) error {
	p.pending = append(p.pending, c.records...)
	p.pendingBytes += sizeOf(c.records)
	if p.set.Stored {
		p.group.pods[c.pod] = c.state
	}
	return p.makeRoom(ctx)
}

// makeRoom commits a large group early, but only while none of its records is pending: the
// state of a pod must not be stored before the records of its change.
func (p *Pipeline) makeRoom(ctx context.Context) error {
	for len(p.pending) >= maxPending {
		if err := p.emit(ctx, maxPending); err != nil {
			return err
		}
	}
	if !p.large() {
		return nil
	}
	if err := p.emitPending(ctx); err != nil {
		return err
	}
	return p.commit(ctx)
}

// large reports whether the group is to be committed although it is not complete.
func (p *Pipeline) large() bool {
	return p.group.emitted >= maxStaged || p.group.parted || p.pendingBytes >= maxPendingBytes ||
		len(p.group.pods) >= maxStates || p.events.changed() >= maxStates || p.workloads.unstored() >= maxStates
}

// sizeOf returns the approximate number of bytes that the records of an event keep in
// memory, beyond a few hundred for each.
func sizeOf(records []record.Record) (size int) {
	for i := range records {
		r := &records[i]
		size += len(r.Message) + len(r.Info)
		if i == 0 && r.Pod != nil { // they share it
			size += r.Pod.Labels.Size() + r.Pod.Annotations.Size()
		}
	}
	return size
}
