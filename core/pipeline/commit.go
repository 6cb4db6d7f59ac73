package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// maxUncommitted is how long states and checkpoints of events without records wait
// for a group to be committed with. A crash loses them; they are read again then.
const maxUncommitted = time.Second

// commitLater leaves changes without a record to the next group, for a while.
func (p *Pipeline) commitLater() {
	if p.keepsState() && p.overdue == nil {
		p.overdue = time.After(maxUncommitted)
	}
}

// keepsState reports whether a change without a record has something to commit.
func (p *Pipeline) keepsState() bool { return p.set.Stored || p.set.Spans != nil }

// finish commits changes without a record, and announces dropped records.
func (p *Pipeline) finish(ctx context.Context) error {
	if p.events != nil { // none waits any longer
		now := time.Now()
		if err := p.process(ctx, now, func() error { return p.takeWaiting(ctx, now.Add(maxJoin)) }); err != nil {
			return err
		}
	}
	p.announced = time.Time{}
	if !p.keepsState() && p.set.Journal.Dropped().Records == 0 {
		return nil
	}
	return p.commit(ctx)
}

// commit commits the group, with the states and checkpoints of its events.
func (p *Pipeline) commit(ctx context.Context) error {
	defer p.busy()()
	announced, err := p.announce(ctx)
	if err != nil {
		return err
	}
	g := p.group.take(p.set.Stored, p.pods, p.seq)
	p.events.store(g.State)
	p.workloads.store(g.State)
	g.Announced = announced
	for _, key := range p.obsolete {
		g.State[key] = nil
	}
	p.obsolete = nil
	if err := p.store(ctx, g, p.endedSpans(&g)); err != nil {
		return err
	}
	p.overdue = p.unannounced()
	return nil
}

// commitPart commits the records that the group has so far, without states and checkpoints. These follow with the last
// part: until then, a crash makes the next start read the events again. It emits all records of the group once more,
// and those of the committed parts are duplicates with the same ids.
func (p *Pipeline) commitPart(ctx context.Context) error {
	defer p.busy()()
	return p.store(ctx, p.group.part(p.seq), nil)
}

// store adds the staged bytes and encoded spans to a group of the journal, commits it, and then writes its lines. In
// that order, a crash in between leaves lines in the journal, which the next start writes. In the other order the next
// start would make the group again, perhaps with other records.
func (p *Pipeline) store(ctx context.Context, g journal.Group, spans [][]byte) error {
	staged := p.set.Emitter.Take()
	g.Records = map[journal.Signal][][]byte{journal.Logs: staged.Records}
	if len(spans) > 0 {
		g.Records[journal.Traces] = spans
	}
	g.Lines = staged.Lines
	if err := p.set.Journal.Commit(ctx, g); err != nil {
		return fmt.Errorf("commit records: %w", err)
	}
	return p.write(ctx, staged)
}

// writeEarlier writes the lines that an earlier run left.
func (p *Pipeline) writeEarlier(ctx context.Context) error {
	s := emit.Staged{Lines: p.set.Unwritten}
	p.set.Unwritten = nil
	return p.write(ctx, s)
}

// write writes lines that are in the journal.
func (p *Pipeline) write(ctx context.Context, s emit.Staged) error {
	if len(s.Lines) == 0 {
		return nil
	}
	defer p.busy()()
	if err := p.set.Emitter.Write(ctx, s); err != nil {
		return err
	}
	p.set.Journal.Written()
	return nil
}
