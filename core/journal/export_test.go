package journal

import (
	"context"
	"time"
)

// FlushDelay makes a journal store acknowledgements that late.
func FlushDelay(o Options, d time.Duration) Options {
	o.flushDelay = d
	return o
}

// Settle waits until everything is stored.
func (j *Journal) Settle(ctx context.Context) error {
	return j.await(ctx, func() (bool, error) { return j.saved == j.version, nil })
}
