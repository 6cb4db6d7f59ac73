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
	// maxAtOnce is the number of records that wait for one deadline.
	maxAtOnce = maxBatch * maxInFlight
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
	known *simplelru.LRU[string, known] // by uid; nil: it has to be asked each time

	answer []*addition // of ask, used again
	warned rate.Sometimes
}

// known is what the plugin has said of a pod that looked like that.
type known struct {
	pod podKey
	*addition
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
		out.known, _ = simplelru.NewLRU[string, known](maxKnown, nil) // fails for no positive size
	}
	return out
}

// ask returns what the plugin adds to each record, until it is called again.
func (m *member) ask(ctx context.Context, records []record.Record) []*addition {
	m.answer = slices.Grow(m.answer[:0], len(records))
	if m.known == nil {
		additions := m.call(ctx, records)
		for i := range additions {
			m.answer = append(m.answer, &additions[i])
		}
		return m.answer
	}
	var news []record.Record // a record for each pod that is not known
	var at []int             // which records they are
	for i := range records {
		a := m.recall(records[i].Pod)
		if a == nil && (len(at) == 0 || records[i].Pod != news[len(news)-1].Pod) { // not of the same event
			news, at = append(news, records[i]), append(at, i)
		}
		m.answer = append(m.answer, a)
	}
	m.learn(news, at, m.call(ctx, news), records)
	return m.answer
}

// recall returns what the plugin has said of a pod, or nil.
func (m *member) recall(pod *record.Pod) *addition {
	if k, ok := m.known.Get(pod.UID); ok && k.pod == keyOf(pod) {
		return k.addition
	}
	return nil
}

// learn fills in what the plugin has found of the news, and remembers it. The
// records of an event share their pod.
func (m *member) learn(news []record.Record, at []int, found []addition, records []record.Record) {
	for n := range news {
		for i := at[n]; i < len(records) && records[i].Pod == news[n].Pod; i++ {
			m.answer[i] = &found[n]
		}
		m.remember(news[n].Pod, found[n])
	}
}

func (m *member) remember(pod *record.Pod, a addition) {
	if a.err == nil && a.size() <= maxKnownBytes && (pod.Owners == nil || !pod.Owners.Pending) {
		m.known.Add(pod.UID, known{keyOf(pod), &a})
	}
}

// call has the plugin answer for all records.
func (m *member) call(ctx context.Context, records []record.Record) []addition {
	if len(records) == 0 {
		return nil
	}
	additions := make([]addition, len(records))
	for from := 0; from < len(records); from += maxAtOnce {
		to := min(from+maxAtOnce, len(records))
		m.batches(ctx, split(records[from:to]), additions[from:to])
	}
	return additions
}

// batches has the plugin answer for batches within its timeout: all together have
// one, since where records are large there are many batches.
func (m *member) batches(ctx context.Context, batches [][]record.Record, out []addition) {
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	if len(batches) == 1 {
		m.batch(ctx, batches[0], out)
		return
	}
	var calls errgroup.Group
	calls.SetLimit(maxInFlight)
	for _, batch := range batches {
		own := out[:len(batch)]
		out = out[len(batch):]
		calls.Go(func() error {
			m.batch(ctx, batch, own)
			return nil
		})
	}
	_ = calls.Wait()
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
