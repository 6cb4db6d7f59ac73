package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

const (
	// maxBatch is the number of records of a call: enough to make the round trip
	// cheap, few enough to be answered soon.
	maxBatch = 64
	// maxBatchBytes bounds a batch where records are large; some servers take no
	// more than 4 MiB.
	maxBatchBytes = 1 << 20
	// maxInFlight is the number of calls of a plugin at the same time: while one
	// is computed the next is under way.
	maxInFlight = 2
	// maxKnown is the number of pods that a member remembers its additions for.
	// A pod's records come close together: when it starts, and when it ends.
	maxKnown = 4096
	// maxKnownBytes is the size of an addition that is remembered: all of them
	// then have room in 8 MiB.
	maxKnownBytes = 2 << 10
)

// member asks one plugin.
type member struct {
	Member
	meter Meter
	log   *slog.Logger
	known *simplelru.LRU[podKey, addition] // nil: it has to be asked each time

	warned rate.Sometimes
}

// podKey is all that the patch of a plugin can depend on that looks at pods only.
type podKey struct {
	uid, namespace, name string
	labels, annotations  record.Labels
	owners               *record.OwnerChain
}

func keyOf(p *record.Pod) podKey {
	return podKey{p.UID, p.Namespace, p.Name, p.Labels, p.Annotations, p.Owners}
}

func newMember(m Member, meter Meter, log *slog.Logger) *member {
	out := &member{Member: m, meter: meter, log: log, warned: rate.Sometimes{Interval: time.Minute}}
	if m.PodOnly {
		out.known, _ = simplelru.NewLRU[podKey, addition](maxKnown, nil) // fails for no positive size
	}
	return out
}

// ask returns what the plugin adds to each record.
func (m *member) ask(ctx context.Context, records []record.Record) []addition {
	if m.known == nil {
		return m.call(ctx, records)
	}
	additions := make([]addition, len(records))
	var news []record.Record           // a record for each pod that is not known
	at := make([]int, 0, len(records)) // for each record of a pod that is not known, which of these
	for i := range records {
		if a, ok := m.known.Get(keyOf(records[i].Pod)); ok {
			additions[i] = a
			at = append(at, -1)
			continue
		}
		if i == 0 || at[i-1] < 0 || records[i].Pod != records[i-1].Pod { // not of the same event
			news = append(news, records[i])
		}
		at = append(at, len(news)-1)
	}
	found := m.call(ctx, news)
	for i, n := range at {
		if n >= 0 {
			additions[i] = found[n]
		}
	}
	m.remember(news, found)
	return additions
}

func (m *member) remember(records []record.Record, additions []addition) {
	for i := range records {
		pod := records[i].Pod
		a := &additions[i]
		if a.err == nil && a.size() <= maxKnownBytes && (pod.Owners == nil || !pod.Owners.Pending) {
			m.known.Add(keyOf(pod), *a)
		}
	}
}

// call has the plugin answer for all records, in batches, within its timeout: all
// together have one, since where records are large there are many batches.
func (m *member) call(ctx context.Context, records []record.Record) []addition {
	additions := make([]addition, len(records))
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	var calls errgroup.Group
	calls.SetLimit(maxInFlight)
	from := 0
	for _, batch := range split(records) {
		out := additions[from : from+len(batch)]
		from += len(batch)
		calls.Go(func() error {
			m.batch(ctx, batch, out)
			return nil
		})
	}
	_ = calls.Wait()
	return additions
}

// batch has the plugin answer for a batch.
func (m *member) batch(ctx context.Context, batch []record.Record, out []addition) {
	start := time.Now()
	patches, err := m.Plugin.Patch(ctx, batch)
	outcome := OK
	switch {
	case err != nil:
		outcome, err = explain(ctx, err)
	case len(patches) != len(batch):
		outcome, err = Invalid, fmt.Errorf("%d patches for %d records", len(patches), len(batch))
	}
	m.meter.PluginCall(m.Plugin.Name(), outcome, time.Since(start))
	if err != nil {
		if outcome != Skipped { // that one is not running has been said
			m.warn("plugin did not answer for a batch", err)
		}
		for i := range out {
			out[i].err = err
		}
		return
	}
	for i := range out {
		out[i] = m.check(&patches[i])
		if out[i].broken {
			m.warn("plugin breaks a rule for patches", out[i].err)
		}
	}
}

// warn logs what goes wrong, and not more often than somebody would read it: it
// goes wrong for many records.
func (m *member) warn(what string, err error) {
	m.warned.Do(func() {
		m.log.Warn(what+"; such warnings are a minute apart at least", "plugin", m.Plugin.Name(), "error", err)
	})
}

// explain says how a call failed, in the words of the contract.
func explain(ctx context.Context, err error) (Outcome, error) {
	var unavailable UnavailableError
	switch {
	case errors.As(err, &unavailable):
		return Skipped, unavailable
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded): // whoever sees it first
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
