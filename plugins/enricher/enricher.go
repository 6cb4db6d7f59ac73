// Package enricher is the library for plugins in Go. A plugin adds attributes and a trace
// context to records, such as the team or the ticket of a pod.
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
// Optional interfaces add features: [Configurer], [AnnotationNeeder], [OwnerNeeder], [Logger]
// and [io.Closer]. [LabelNeeder], [NoLabels] and [PodOnly] make a plugin faster.
//
// The plugin runs as a process of its own. Its output and its log appear in the host's log. If
// it panics, the host restarts it. Meanwhile records lack its attributes, but no record is
// lost.
//
// Package enrichertest has the tests that every plugin should pass. Plugins in other languages
// implement proto/podstatus/enrich/v1/enrich.proto instead.
package enricher

import (
	"context"
	"log/slog"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Record is one change in a pod's life; enrich.proto documents its fields. Plugins must neither
// change nor keep it.
type Record = enrichv1.Record

// Pod is the pod of a [Record].
type Pod = enrichv1.Pod

// Owner is an object that owns a pod, or owns its owner.
type Owner = enrichv1.Owner

// Description identifies a plugin.
type Description struct {
	// Name of the plugin in the configuration, and the prefix of all its keys: 1 to 63
	// lower-case letters, digits, "-" and "_", starting with a letter.
	Name string
	// Version, such as 1.4.0, appears in the host's log.
	Version string
}

// Enricher is a plugin.
type Enricher interface {
	// Describe returns the plugin's name and version. The answer must not change.
	Describe() Description
	// Enrich adds the plugin's data about record to patch. The deadline of ctx, 200 ms by
	// default, is for a batch of records; after it, the patches of the batch are dropped. An
	// error becomes part of the record's field "enrichment" and should be short. Calls for the
	// records of a batch are sequential; two batches may be concurrent.
	Enrich(ctx context.Context, record *Record, patch *Patch) error
}

// Configurer is a plugin with a configuration. Other plugins reject every key.
type Configurer interface {
	// Configure is called once, before all other methods except Describe, with the JSON object
	// under "config" in the plugin's entry. Most plugins call [Decode]. An error prevents the
	// host's start; it should name the key and the remedy.
	Configure(config []byte) error
}

// AnnotationNeeder is a plugin that reads annotations of pods.
type AnnotationNeeder interface {
	// NeedsAnnotations returns the keys of the annotations to send. It is called after
	// Configure.
	NeedsAnnotations() []string
}

// OwnerNeeder is a plugin that reads the metadata of a pod's owners: ReplicaSet, Deployment,
// and so on. The host needs permission to get them.
type OwnerNeeder interface {
	// NeedsOwners returns the keys of the owners' labels and annotations to send. It is called
	// after Configure. If both are nil, owners are not looked up.
	NeedsOwners() (labels, annotations []string)
}

// LabelNeeder is a plugin that reads only some labels of pods. Other plugins receive all
// labels.
type LabelNeeder interface {
	// NeedsLabels returns the keys of the labels to send; an empty list means all. It is called
	// after Configure.
	NeedsLabels() []string
}

// NoLabels is a plugin that reads no labels of pods. The host sends none, and
// [LabelNeeder] has no effect.
type NoLabels interface {
	// NoLabels is a marker and has no effect.
	NoLabels()
}

// PodOnly is a plugin whose answer depends only on [Record.Pod], without its node, phase and
// reason. The host sends nothing else, and may use one patch for many records.
type PodOnly interface {
	// PodOnly is a marker and has no effect.
	PodOnly()
}

// Logger is a plugin with a log.
type Logger interface {
	// SetLogger is called once, before all other methods. Lines of log appear in the host's log
	// with their level, their attributes and the plugin's name.
	SetLogger(log *slog.Logger)
}
