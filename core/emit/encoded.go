package emit

import (
	"context"
	"sync"

	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// maxScratch bounds the memory that a Processor keeps for the next records
// after a large group.
const maxScratch = 1 << 20

// Processor is the last processor of a LoggerProvider: it encodes each record
// while it is emitted, and stages the bytes until Take. It never blocks, and
// doesn't bound what it stages: whoever emits takes, once per group of records.
//
// It is safe for concurrent use.
type Processor struct {
	mu      sync.Mutex
	encoder encoder
	scratch []byte // the staged records, one after the other
	ends    []int  // where each of them ends
}

var _ sdklog.Processor = (*Processor)(nil)

// NewProcessor returns a processor with nothing staged.
func NewProcessor() *Processor { return &Processor{} }

// Enabled tells that every record is wanted.
func (p *Processor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

// OnEmit encodes and stages r. It keeps no reference to r and never fails.
func (p *Processor) OnEmit(ctx context.Context, r *sdklog.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scratch = p.encoder.encode(p.scratch, Of(ctx, r))
	p.ends = append(p.ends, len(p.scratch))
	return nil
}

// Take hands over the records that were staged since it was last called, in the
// order of their emission, and nil when there are none. Each is an
// ExportLogsServiceRequest with one record, and so is any number of them when
// they are joined. The memory belongs to the caller; it is one block for all.
func (p *Processor) Take() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ends) == 0 {
		return nil
	}
	// The copy is what lets a record wait in a journal for hours at the cost
	// of its own bytes, instead of those of a buffer with room for a burst.
	block := make([]byte, len(p.scratch))
	copy(block, p.scratch)
	records := make([][]byte, len(p.ends))
	start := 0
	for i, end := range p.ends {
		records[i] = block[start:end:end]
		start = end
	}
	p.reset()
	return records
}

func (p *Processor) reset() {
	if cap(p.scratch) > maxScratch {
		p.scratch, p.ends = nil, nil
		return
	}
	p.scratch, p.ends = p.scratch[:0], p.ends[:0]
}

// ForceFlush does nothing: staged records are for Take, whose caller also knows
// what it means that they are safe.
func (p *Processor) ForceFlush(context.Context) error { return nil }

// Shutdown does nothing, likewise. What is staged can still be taken.
func (p *Processor) Shutdown(context.Context) error { return nil }
