// Package enrich has plugins add to records what they know of them: it asks all
// plugins at once, holds what they answer to the rules of the contract, and
// merges it in the order in which they are configured. Whatever a plugin does
// costs what it would have added, never a record; the record then says so in its
// field "enrichment".
//
// Package pluginhost has the plugins, which are processes; package owner looks
// up the owners of pods for those that need them.
package enrich

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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
	// An error that is [UnavailableError] means that the plugin was not asked.
	Patch(ctx context.Context, batch []record.Record) ([]Patch, error)
}

// Patch is what a plugin adds to a record.
type Patch struct {
	Attributes              []attribute.KeyValue
	Traceparent, Tracestate string // W3C; empty: none
	Suppress                bool   // don't emit the record
	Error                   string // why the plugin has nothing to say; empty: no failure
}

// UnavailableError is why a plugin was not asked: it is not running, say.
type UnavailableError string

func (u UnavailableError) Error() string { return string(u) }

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

// Member is a plugin with what is known of it.
type Member struct {
	Plugin        Plugin
	Timeout       time.Duration // of a batch
	AllowSuppress bool
	// PodOnly says that the plugin's patch depends on the record's pod alone,
	// less its node, phase and reason, so that it need not be asked twice.
	PodOnly bool
}

// Chain asks its members. It is for one goroutine. Use [New].
type Chain struct {
	members []*member
	owners  Owners
}

// New returns a chain of members in the order in which their patches are merged.
// owners may be nil, where no member needs owners.
func New(members []Member, owners Owners, meter Meter, log *slog.Logger) *Chain {
	c := &Chain{owners: owners}
	for _, m := range members {
		c.members = append(c.members, newMember(m, meter, log))
	}
	return c
}

// Enrich adds to the records what the plugins know of them, and returns them in
// order, less those that a plugin suppressed. For each 128 records it blocks for
// the longest timeout of a member at most, and for that of the owners.
func (c *Chain) Enrich(ctx context.Context, records []record.Record) []record.Record {
	c.findOwners(ctx, records)
	additions := c.ask(ctx, records)
	kept := records[:0]
	for i := range records {
		if !c.merge(&records[i], i, additions) {
			kept = append(kept, records[i])
		}
	}
	return kept
}

// ask asks all members at once.
func (c *Chain) ask(ctx context.Context, records []record.Record) [][]*addition {
	additions := make([][]*addition, len(c.members))
	if len(c.members) == 1 {
		additions[0] = c.members[0].ask(ctx, records)
		return additions
	}
	var asked errgroup.Group
	for i, m := range c.members {
		asked.Go(func() error {
			additions[i] = m.ask(ctx, records)
			return nil
		})
	}
	_ = asked.Wait() // what failed is in the additions
	return additions
}

// findOwners looks up the owners of all pods in the records, with one deadline for
// as many as have one with a plugin.
func (c *Chain) findOwners(ctx context.Context, records []record.Record) {
	if c.owners == nil {
		return
	}
	for some := range slices.Chunk(records, maxAtOnce) {
		c.findSome(ctx, some)
	}
}

func (c *Chain) findSome(ctx context.Context, records []record.Record) {
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

// merge adds to record i what the members have for it, and tells whether one of
// them suppresses it.
func (c *Chain) merge(r *record.Record, i int, additions [][]*addition) (suppress bool) {
	for k, m := range c.members {
		a := additions[k][i]
		if !r.SpanContext.IsValid() { // the first one wins
			r.SpanContext = a.span
		}
		if r.Attributes == nil {
			r.Attributes = slices.Clip(a.attributes) // they may be shared
		} else {
			r.Attributes = append(r.Attributes, a.attributes...)
		}
		if a.err != nil {
			m.meter.PluginFailed(m.Plugin.Name())
			fail(r, m.Plugin.Name(), a.err)
			continue
		}
		if a.suppress && !suppress {
			m.meter.PluginSuppressed(m.Plugin.Name())
			suppress = true
		}
	}
	return suppress
}

// fail notes in a record why something is missing.
func fail(r *record.Record, who string, err error) {
	reason := who + ": " + cut(err.Error(), maxReason)
	if r.Enrichment != "" {
		reason = r.Enrichment + "; " + reason
	}
	r.Enrichment = reason
}
