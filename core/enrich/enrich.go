// Package enrich has plugins add to records what they know of them: it asks all
// plugins for a batch at once, holds what they answer to the rules of the
// contract, and merges it in the order in which they are configured. Whatever a
// plugin does costs what it would have added, never a record; the record then
// says so in its field "enrichment".
//
// Package pluginhost has the plugins, which are processes; package owner looks
// up the owners of pods for those that need them.
package enrich

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sync/errgroup"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Plugin gives patches for records.
type Plugin interface {
	// Name begins the keys of the plugin's attributes, and no other plugin has it.
	Name() string
	// Patch returns one patch for each record of the batch, in the same order.
	// It blocks until ctx ends at most, and keeps nothing of the batch, whose
	// records it must not change. It is called for two batches at the same time.
	// An error that is [Unavailable] means that the plugin was not asked.
	Patch(ctx context.Context, batch []record.Record) ([]Patch, error)
}

// Patch is what a plugin adds to a record.
type Patch struct {
	Attributes              []attribute.KeyValue
	Traceparent, Tracestate string // W3C; empty: none
	Suppress                bool   // don't emit the record
	Error                   string // why the plugin has nothing to say; empty: no failure
}

// Unavailable is why a plugin was not asked: it is not running, say.
type Unavailable string

func (u Unavailable) Error() string { return string(u) }

// Owners looks up the objects that own pods; package owner has it.
type Owners interface {
	// Find sets the Owners of each pod that has a controller. It blocks for a
	// bounded time.
	Find(ctx context.Context, pods []*record.Pod)
}

// Outcome is how a call of a plugin ended.
type Outcome string

// The outcomes of calls.
const (
	OK      Outcome = "ok"
	Late    Outcome = "deadline_exceeded"
	Failed  Outcome = "error"
	Invalid Outcome = "invalid" // not one patch per record
	Skipped Outcome = "skipped" // not asked
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{OK, Late, Failed, Invalid, Skipped} }

// Meter counts. Its methods must not block, and are called from several
// goroutines.
type Meter interface {
	// PluginCall tells how a call for a batch ended, and how long it took.
	PluginCall(plugin string, outcome Outcome, took time.Duration)
	// PluginFailed counts a record that lacks what the plugin would have added.
	PluginFailed(plugin string)
	// PluginSuppressed counts a record that the plugin kept from being emitted.
	PluginSuppressed(plugin string)
}

// Member is a plugin with what the operator says of it.
type Member struct {
	Plugin        Plugin
	Timeout       time.Duration // of a batch
	AllowSuppress bool
}

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
)

// Chain asks its members. Use [New].
type Chain struct {
	members []Member
	owners  Owners
	meter   Meter
}

// New returns a chain of members in the order in which their patches are merged.
// owners may be nil, where no member needs owners.
func New(members []Member, owners Owners, meter Meter) *Chain {
	return &Chain{members: members, owners: owners, meter: meter}
}

// Enrich adds to the records what the plugins know of them, and returns them in
// order, less those that a plugin suppressed. With at most 128 records it blocks
// for the longest timeout of a member at most, and for that of the owners.
func (c *Chain) Enrich(ctx context.Context, records []record.Record) []record.Record {
	c.findOwners(ctx, records)
	batches := split(records)
	answers := make([][]answer, len(c.members))
	var asked errgroup.Group
	for i := range c.members {
		asked.Go(func() error {
			answers[i] = c.ask(ctx, &c.members[i], batches)
			return nil
		})
	}
	_ = asked.Wait() // what failed is in the answers
	return c.merge(records, batches, answers)
}

// findOwners looks up the owners of all pods in the records.
func (c *Chain) findOwners(ctx context.Context, records []record.Record) {
	if c.owners == nil {
		return
	}
	pods := make([]*record.Pod, 0, len(records))
	for i := range records {
		if pod := records[i].Pod; len(pods) == 0 || pods[len(pods)-1] != pod {
			pods = append(pods, pod) // the records of an event share their pod
		}
	}
	c.owners.Find(ctx, pods)
	for i := range records {
		if chain := records[i].Pod.Owners; chain != nil && chain.Pending {
			fail(&records[i], "owners", errors.New("deadline exceeded"))
		}
	}
}

// answer is what a plugin says of a batch.
type answer struct {
	patches []Patch
	err     error // no patches
}

// ask has one plugin answer all batches.
func (c *Chain) ask(ctx context.Context, m *Member, batches [][]record.Record) []answer {
	answers := make([]answer, len(batches))
	var calls errgroup.Group
	calls.SetLimit(maxInFlight)
	for i, batch := range batches {
		calls.Go(func() error {
			answers[i] = c.call(ctx, m, batch)
			return nil
		})
	}
	_ = calls.Wait()
	return answers
}

func (c *Chain) call(ctx context.Context, m *Member, batch []record.Record) answer {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	patches, err := m.Plugin.Patch(ctx, batch)
	outcome := OK
	switch {
	case err != nil:
		outcome, err = explain(ctx, err)
	case len(patches) != len(batch):
		outcome, err = Invalid, fmt.Errorf("%d patches for %d records", len(patches), len(batch))
	}
	c.meter.PluginCall(m.Plugin.Name(), outcome, time.Since(start))
	return answer{patches, err}
}

// explain says how a call failed, in the words of the contract.
func explain(ctx context.Context, err error) (Outcome, error) {
	var unavailable Unavailable
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
