// Package enricher is what a plugin in Go is written against. A plugin adds to
// records what it knows of their pods: who owns them, which ticket they belong
// to, which trace.
//
//	type hello struct{}
//
//	func (hello) Describe() enricher.Description {
//		return enricher.Description{Name: "hello", Version: "1.0.0"}
//	}
//
//	func (hello) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
//		p.SetString("greeting", "hello "+r.GetPod().GetName())
//		return nil
//	}
//
//	func main() { enricher.Serve(hello{}) }
//
// That is all. What else a plugin can do it says by having more methods:
// [Configurer], [AnnotationNeeder], [OwnerNeeder], [Logger], [io.Closer], and those that make it faster, [LabelNeeder]
// and [PodOnly].
//
// The plugin runs as a process of its own. What it prints, and what it logs,
// comes out in the log of the host. If it panics, the host starts it anew: it
// costs what it would have added to some records, never a record.
//
// Package enrichertest has the tests that every plugin should pass. You don't
// need this package for a plugin in another language: that is written against
// proto/podstatus/enrich/v1/enrich.proto.
package enricher

import (
	"context"
	"log/slog"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Record is one change in a pod's life; its fields are documented in
// enrich.proto. It must not be changed, nor kept.
type Record = enrichv1.Record

// Pod is what a [Record] says of its pod.
type Pod = enrichv1.Pod

// Owner is an object that owns a pod, or owns its owner.
type Owner = enrichv1.Owner

// Description tells who a plugin is.
type Description struct {
	// Name is that under which the configuration lists the plugin, and begins
	// the keys of all its attributes: 1 to 63 lower-case letters, digits, "-"
	// and "_", a letter first.
	Name string
	// Version, such as 1.4.0, is for the log of the host.
	Version string
}

// Enricher is what every plugin is.
type Enricher interface {
	// Describe tells who the plugin is, always with the same answer.
	Describe() Description
	// Enrich adds to patch what the plugin knows of record. The host waits for
	// a batch of records until ctx ends, by default 200 ms; what is not there
	// then is lost. An error tells that there is nothing to add because
	// something failed; it goes into the record's field "enrichment" and should
	// be short. Enrich is called for one record of a batch after the other, and
	// for two batches at the same time.
	Enrich(ctx context.Context, record *Record, patch *Patch) error
}

// Configurer is a plugin that can be configured. A plugin that is none refuses
// every key.
type Configurer interface {
	// Configure is called once, before all but Describe, with the JSON object
	// under "config" in the plugin's entry of the configuration file. Most
	// plugins call [Decode]. An error has to name the key and say what would be
	// right: it is what the user sees, and the host does not start.
	Configure(config []byte) error
}

// AnnotationNeeder is a plugin that looks at annotations of pods.
type AnnotationNeeder interface {
	// NeedsAnnotations returns the keys of the annotations that records have to
	// have. It is called after Configure.
	NeedsAnnotations() []string
}

// OwnerNeeder is a plugin that looks at the metadata of the objects that own a
// pod: ReplicaSet, Deployment, and so on. The host has to be allowed to get them.
type OwnerNeeder interface {
	// NeedsOwners returns the keys of the labels and annotations that owners
	// have to have. It is called after Configure. Both nil: nothing is looked up.
	NeedsOwners() (labels, annotations []string)
}

// LabelNeeder is a plugin that looks at some labels of pods only. A plugin that
// is none is sent all labels.
type LabelNeeder interface {
	// NeedsLabels returns the keys of those labels. It is called after
	// Configure. None: all labels.
	NeedsLabels() []string
}

// PodOnly is a plugin that looks at nothing but [Record.Pod], less its node,
// phase and reason, and always says the same of the same pod: the host sends no
// more than that, and may use one patch for many records.
type PodOnly interface {
	// PodOnly does nothing.
	PodOnly()
}

// Logger is a plugin that logs.
type Logger interface {
	// SetLogger is called once, before all others. What goes to log comes out
	// in the log of the host with its level, attributes and the plugin's name.
	SetLogger(log *slog.Logger)
}
