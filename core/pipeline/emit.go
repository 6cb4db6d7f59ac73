package pipeline

import (
	"context"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// emit enriches and numbers the first n pending records, and hands them to the
// emitter. It commits a part of the group whenever many bytes are staged.
func (p *Pipeline) emit(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	records := p.pending[:n]
	defer func() {
		left := copy(p.pending, p.pending[n:])
		clear(p.pending[left:]) // release their pods
		p.pending = p.pending[:left]
	}()
	if p.set.Enricher != nil {
		records = p.set.Enricher.Enrich(ctx, records)
	}
	p.group.suppressed += uint64(n - len(records)) //nolint:gosec // never more than there were
	for i := range records {
		p.identify(&records[i])
		if err := p.emitOne(ctx, &records[i]); err != nil {
			return err
		}
		if p.set.Emitter.Staged() < maxStagedBytes {
			continue
		}
		if err := p.commitPart(ctx); err != nil {
			return err
		}
	}
	return nil
}

// emitPending emits all pending records.
func (p *Pipeline) emitPending(ctx context.Context) error {
	p.pendingBytes = 0
	return p.emit(ctx, len(p.pending))
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
