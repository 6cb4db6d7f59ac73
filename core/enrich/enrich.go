// Package enrich adds the attributes of plugins to records: it calls all plugins at once,
// checks their answers against the rules of the contract, and merges them in the order of
// the configuration. A failing plugin costs its attributes, never a record. The record
// then has the reason in its field "enrichment".
//
// Package pluginhost runs the plugins. Package owner looks up the owners of pods for
// plugins that need them.
package enrich

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sync/errgroup"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Plugin returns patches for records.
type Plugin interface {
	// Name is the unique name of the plugin, the prefix of its attributes' keys.
	Name() string
	// Patch returns one patch per record of the batch, in the same order. It may
	// block until ctx ends. It must neither change nor keep records of the batch.
	// There may be two concurrent calls. An [UnavailableError] means that the
	// plugin was not called.
	Patch(ctx context.Context, batch []record.Record) ([]Patch, error)
}

// Patch is the answer of a plugin for a record.
type Patch struct {
	Attributes              []attribute.KeyValue
	Traceparent, Tracestate string // W3C; empty: none
	Suppress                bool   // don't emit the record
	Error                   string // why the plugin failed; empty: it did not
}

// UnavailableError is the reason why a plugin was not called, such as that it is not
// running.
type UnavailableError string

func (u UnavailableError) Error() string { return string(u) }

// Owners looks up the owners of pods. Package owner implements it.
type Owners interface {
	// Find sets the Owners of each pod with a controller. It blocks for a limited
	// time.
	Find(ctx context.Context, pods []*record.Pod)
	// FindInitial is Find for pods that existed before the first start. It blocks until
	// their owners are known, as long as the API server answers.
	FindInitial(ctx context.Context, pods []*record.Pod)
}

// Outcome is the outcome of a call of a plugin.
type Outcome string

// The outcomes of calls.
const (
	OK      Outcome = "ok"
	Late    Outcome = "deadline_exceeded"
	Failed  Outcome = "error"
	Invalid Outcome = "invalid" // not one patch per record
	Skipped Outcome = "skipped" // not called
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{OK, Late, Failed, Invalid, Skipped} }

// Meter counts calls and their effects. Its methods must not block, and are called
// concurrently.
type Meter interface {
	// PluginCall counts a call for a batch, with its duration.
	PluginCall(plugin string, outcome Outcome, took time.Duration)
	// PluginFailed counts a record that lacks the plugin's attributes.
	PluginFailed(plugin string)
	// PluginSuppressed counts a record suppressed by the plugin.
	PluginSuppressed(plugin string)
	// OwnersPending counts a record whose owners are not known yet.
	OwnersPending(reason string)
}

// ChainEntry is a plugin in a chain, with its settings.
type ChainEntry struct {
	Plugin        Plugin
	Timeout       time.Duration // of a batch
	AllowSuppress bool
	// PodOnly: the plugin's patch depends only on the record's pod, without its
	// node, phase and reason, so that patches can be cached.
	PodOnly bool
}

// Chain calls plugins. It must not be used concurrently. Use [New].
type Chain struct {
	entries []*entry
	owners  Owners
	meter   Meter
}

// New returns a chain. Patches are merged in the order of the entries. owners may be nil
// if no plugin needs owners.
func New(entries []ChainEntry, owners Owners, meter Meter, log *slog.Logger) *Chain {
	c := &Chain{owners: owners, meter: meter}
	for _, e := range entries {
		c.entries = append(c.entries, newEntry(e, meter, log))
	}
	return c
}

// Enrich adds the plugins' attributes to the records, and returns them in order, without
// suppressed ones. For each 128 records, it blocks for at most the longest timeout of the
// entries plus that of the owners. Initial records wait for their owners, see [Owners].
// Records without a pod stay as they are.
func (c *Chain) Enrich(ctx context.Context, records []record.Record) []record.Record {
	n := beforeGap(records)
	if n == len(records) {
		return c.enrich(ctx, records)
	}
	kept := append(c.enrich(ctx, records[:n]), records[n])
	return append(kept, c.Enrich(ctx, records[n+1:])...)
}

// beforeGap returns the number of records before the first one without a pod.
func beforeGap(records []record.Record) int {
	for i := range records {
		if records[i].Pod == nil {
			return i
		}
	}
	return len(records)
}

// enrich is [Chain.Enrich] for records that have pods.
func (c *Chain) enrich(ctx context.Context, records []record.Record) []record.Record {
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

// ask calls all plugins at once.
func (c *Chain) ask(ctx context.Context, records []record.Record) [][]*addition {
	additions := make([][]*addition, len(c.entries))
	if len(c.entries) == 1 {
		additions[0] = c.entries[0].ask(ctx, records)
		return additions
	}
	var asked errgroup.Group
	for i, e := range c.entries {
		asked.Go(func() error {
			additions[i] = e.ask(ctx, records)
			return nil
		})
	}
	_ = asked.Wait() // the additions have the errors
	return additions
}

// findOwners looks up the owners of all pods in the records, with one deadline for as
// many records as have a common one with plugins.
func (c *Chain) findOwners(ctx context.Context, records []record.Record) {
	if c.owners == nil {
		return
	}
	for some := range slices.Chunk(records, maxAtOnce) {
		c.findSome(ctx, some)
	}
}

func (c *Chain) findSome(ctx context.Context, records []record.Record) {
	if pods := podsOf(records, false); len(pods) > 0 {
		c.owners.Find(ctx, pods)
	}
	if pods := podsOf(records, true); len(pods) > 0 {
		c.owners.FindInitial(ctx, pods)
	}
	for i := range records {
		if records[i].Object != nil {
			records[i].Pod.Complete()
		}
		if chain := records[i].Pod.Owners; chain != nil && chain.Pending {
			reason := cmp.Or(chain.Reason, "deadline exceeded")
			c.meter.OwnersPending(reason)
			fail(&records[i], "owners", errors.New(reason))
		}
	}
}

// podsOf returns the pods of the initial records, or of the others.
func podsOf(records []record.Record, initial bool) (pods []*record.Pod) {
	for i := range records {
		pod := records[i].Pod
		if records[i].Initial != initial || len(pods) > 0 && pods[len(pods)-1] == pod {
			continue // the records of an event share their pod
		}
		if pods == nil {
			pods = make([]*record.Pod, 0, len(records))
		}
		pods = append(pods, pod)
	}
	return pods
}

// merge adds the additions to record i, and reports whether one of them suppresses it.
func (c *Chain) merge(r *record.Record, i int, additions [][]*addition) (suppress bool) {
	for k, e := range c.entries {
		a := additions[k][i]
		if !r.SpanContext.IsValid() { // the first one wins
			r.SpanContext = a.span
		}
		if r.Attributes == nil {
			r.Attributes = slices.Clip(a.attributes) // cached additions are shared
		} else {
			r.Attributes = append(r.Attributes, a.attributes...)
		}
		if a.err != nil {
			e.meter.PluginFailed(e.Plugin.Name())
			fail(r, e.Plugin.Name(), a.err)
			continue
		}
		if a.suppress && !suppress {
			e.meter.PluginSuppressed(e.Plugin.Name())
			suppress = true
		}
	}
	return suppress
}

// fail notes in a record why attributes are missing.
func fail(r *record.Record, who string, err error) {
	reason := who + ": " + cut(err.Error(), maxReason)
	if r.Enrichment != "" {
		reason = r.Enrichment + "; " + reason
	}
	r.Enrichment = reason
}
