package faulty

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// enrichFunc answers a batch.
type enrichFunc = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error)

// lateBy is the time for a batch of 64 records of the plugin that is late.
const lateBy = 640 * time.Millisecond

// batchFaults are in the answers to batches.
func batchFaults() map[string]fault {
	return map[string]fault{
		"few": answered("batch-64", func(good enrichFunc) enrichFunc {
			return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
				return good(ctx, records[:1])
			}
		}),
		"many": answered("batch-1", func(good enrichFunc) enrichFunc {
			return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
				return good(ctx, append(slices.Clip(records), records[0]))
			}
		}),
		"wrong-order": answered("order", func(good enrichFunc) enrichFunc {
			return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
				patches, err := good(ctx, records)
				slices.Reverse(patches)
				return patches, err
			}
		}),
		"dies-of-big-batches": answered("batch-1000", func(good enrichFunc) enrichFunc {
			return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
				if len(records) > 512 {
					os.Exit(1)
				}
				return good(ctx, records)
			}
		}),
		"late": answered("deadline", func(good enrichFunc) enrichFunc {
			return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
				time.Sleep(lateBy * time.Duration(min(len(records), 64)) / 64)
				return good(ctx, records)
			}
		}),
		"stuck-after-cancel": answered("cancelled-call", stuckAfterCancel),
		"mixes-batches":      answered("concurrent", mixesBatches),
	}
}

func answered(rule string, replace func(good enrichFunc) enrichFunc) fault {
	return fault{rule, func(s *service) { s.enrich = replace(s.enrich) }}
}

// stuckAfterCancel keeps a lock when a call is cancelled.
func stuckAfterCancel(good enrichFunc) enrichFunc {
	var mu sync.Mutex
	return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
		mu.Lock()
		if len(records) == 256 {
			time.Sleep(50 * time.Millisecond)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		defer mu.Unlock()
		return good(ctx, records)
	}
}

// mixesBatches answers a batch of 64 with the records of another that comes while it waits.
// Calls with another number are unaffected, cancelled ones that still run among them.
func mixesBatches(good enrichFunc) enrichFunc {
	others := make(chan []*enrichv1.Record)
	const patience = 100 * time.Millisecond // within the deadline of a batch
	return func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
		if len(records) == 64 {
			select {
			case others <- records:
			case records = <-others:
			case <-time.After(patience):
			}
		}
		return good(ctx, records)
	}
}

// bloated answers with more than a message may have.
func bloated(s *service) {
	big := strings.Repeat("x", 1<<20)
	s.changePatch(func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "big", big) })
}

// failing answers with an error.
func failing(s *service) {
	s.enrich = func(context.Context, []*enrichv1.Record) ([]*enrichv1.Patch, error) {
		time.Sleep(time.Millisecond)
		return nil, errors.New("database is away")
	}
}
