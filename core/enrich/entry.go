package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/errgroup"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

const (
	// maxBatch is the maximum number of records per call: enough to make the round
	// trip cheap, few enough for a quick answer.
	maxBatch = 64
	// maxBatchBytes bounds a batch of large records; some gRPC servers reject more
	// than 4 MiB.
	maxBatchBytes = 1 << 20
	// maxInFlight is the maximum number of concurrent calls of a plugin.
	maxInFlight = 2
	// maxAtOnce is the maximum number of records with a common deadline.
	maxAtOnce = maxBatch * maxInFlight
	// maxKnown is the number of pods whose additions an entry caches. The records
	// of a pod come close together: at its start and at its end.
	maxKnown = 4096
	// maxKnownBytes is the maximum size of a cached addition, so that all of them
	// fit in 8 MiB.
	maxKnownBytes = 2 << 10
)

// entry calls a plugin.
type entry struct {
	ChainEntry
	meter Meter
	log   *slog.Logger
	known *simplelru.LRU[string, known] // by UID; nil: it is called for every record

	additions []*addition      // result of ask, reused
	warnings  *ratelog.Limiter // of calls that failed, and of patches that break rules
	failures  *ratelog.Limiter // of records for which the plugin reports an error
}

// known is the cached addition for a pod.
type known struct {
	pod podKey
	*addition
}

// podKey has everything that a plugin's patch may depend on if it is PodOnly.
type podKey struct {
	uid, namespace, name string
	labels, annotations  record.Labels
	owners               *record.OwnerChain
}

func keyOf(p *record.Pod) podKey {
	return podKey{p.UID, p.Namespace, p.Name, p.Labels, p.Annotations, p.Owners}
}

func newEntry(m ChainEntry, meter Meter, log *slog.Logger) *entry {
	out := &entry{
		ChainEntry: m, meter: meter, log: log,
		warnings: ratelog.New(log, time.Minute), failures: ratelog.New(log, time.Minute),
	}
	if m.PodOnly {
		out.known, _ = simplelru.NewLRU[string, known](maxKnown, nil) // fails only for sizes below 1
	}
	return out
}

// ask returns the addition of each record. The result is valid until the next call.
func (e *entry) ask(ctx context.Context, records []record.Record) []*addition {
	e.additions = slices.Grow(e.additions[:0], len(records))
	if e.known == nil {
		additions := e.call(ctx, records)
		for i := range additions {
			e.additions = append(e.additions, &additions[i])
		}
		return e.additions
	}
	var news []record.Record // a record of each unknown pod
	var at []int             // their indexes
	for i := range records {
		a := e.recall(records[i].Pod)
		if a == nil && (len(at) == 0 || records[i].Pod != news[len(news)-1].Pod) { // not of the same event
			news, at = append(news, records[i]), append(at, i)
		}
		e.additions = append(e.additions, a)
	}
	e.learn(news, at, e.call(ctx, news), records)
	return e.additions
}

// recall returns the cached addition for a pod, or nil.
func (e *entry) recall(pod *record.Pod) *addition {
	if k, ok := e.known.Get(pod.UID); ok && k.pod == keyOf(pod) {
		return k.addition
	}
	return nil
}

// learn sets the additions of new pods, and caches them. The records of an event share
// their pod.
func (e *entry) learn(news []record.Record, at []int, found []addition, records []record.Record) {
	for n := range news {
		for i := at[n]; i < len(records) && records[i].Pod == news[n].Pod; i++ {
			e.additions[i] = &found[n]
		}
		e.remember(news[n].Pod, found[n])
	}
}

func (e *entry) remember(pod *record.Pod, a addition) {
	if a.err == nil && a.size() <= maxKnownBytes && (pod.Owners == nil || !pod.Owners.Pending) {
		e.known.Add(pod.UID, known{keyOf(pod), &a})
	}
}

// call calls the plugin for all records.
func (e *entry) call(ctx context.Context, records []record.Record) []addition {
	if len(records) == 0 {
		return nil
	}
	additions := make([]addition, len(records))
	for from := 0; from < len(records); from += maxAtOnce {
		to := min(from+maxAtOnce, len(records))
		e.batches(ctx, split(records[from:to]), additions[from:to])
	}
	return additions
}

// batches calls the plugin for batches. They share one timeout, as large records make
// many batches.
func (e *entry) batches(ctx context.Context, batches [][]record.Record, out []addition) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	if len(batches) == 1 {
		e.batch(ctx, batches[0], out)
		return
	}
	var calls errgroup.Group
	calls.SetLimit(maxInFlight)
	for _, batch := range batches {
		own := out[:len(batch)]
		out = out[len(batch):]
		calls.Go(func() error {
			e.batch(ctx, batch, own)
			return nil
		})
	}
	_ = calls.Wait()
}

// batch calls the plugin for a batch.
func (e *entry) batch(ctx context.Context, batch []record.Record, out []addition) {
	start := time.Now()
	patches, err := e.Plugin.Patch(ctx, batch)
	outcome := OK
	switch {
	case err != nil:
		outcome, err = explain(ctx, err)
	case len(patches) != len(batch):
		outcome, err = Invalid, fmt.Errorf("%d patches for %d records", len(patches), len(batch))
	}
	took := time.Since(start)
	e.meter.PluginCall(e.Plugin.Name(), outcome, took)
	if err != nil {
		if outcome != Skipped { // the host has logged that it is not running
			e.warn("plugin did not answer for a batch", err, "records", len(batch), "took", took, "timeout", e.Timeout)
		}
		for i := range out {
			out[i].err = err
		}
		return
	}
	for i := range out {
		out[i] = e.check(&patches[i])
		switch {
		case out[i].broken:
			e.warn("plugin breaks a rule for patches", out[i].err)
		case out[i].err != nil:
			e.failures.Log(slog.LevelWarn, "plugin fails for a record", "plugin", e.Plugin.Name(),
				"namespace", batch[i].Pod.Namespace, "pod", batch[i].Pod.Name, "error", out[i].err)
		}
	}
}

func (e *entry) warn(what string, err error, args ...any) {
	e.warnings.Log(slog.LevelWarn, what, append([]any{"plugin", e.Plugin.Name(), "error", err}, args...)...)
}

// explain returns the outcome and the error of a failed call.
func explain(ctx context.Context, err error) (Outcome, error) {
	var unavailable UnavailableError
	switch {
	case errors.As(err, &unavailable):
		return Skipped, unavailable
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded): // either side may notice first
		return Late, errors.New("deadline exceeded")
	}
	return Failed, err
}

// split cuts records into batches.
func split(records []record.Record) (batches [][]record.Record) {
	start, bytes := 0, 0
	for i := range records {
		size := records[i].Size()
		if i > start && (i-start == maxBatch || bytes+size > maxBatchBytes) {
			batches = append(batches, records[start:i])
			start, bytes = i, 0
		}
		bytes += size
	}
	if start < len(records) {
		batches = append(batches, records[start:])
	}
	return batches
}
