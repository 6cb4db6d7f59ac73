// Package bundle is the plugin that identifies the bundle of a pod, the deployable unit that
// shipped it: a Helm release, an Argo CD application, a Flux Kustomization, and so on. It is
// built in and enabled by default; docs/bundles.md is its manual, and DESIGN.md gives the
// reasons.
//
// You don't need it if a plugin of your own identifies the bundles of your pods.
package bundle

import (
	"context"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

const name = "bundle"

// Attributes, without the plugin's name.
const (
	attrID      = "id"
	attrName    = "name"
	attrVersion = "version"
	attrManager = "manager"
	attrSource  = "source"
	// attrVerified is false if the bundle is one that anybody who may create pods can
	// claim: one of another namespace, or of the whole cluster.
	attrVerified = "verified"
)

// New returns the plugin with its default configuration. version is the program's.
func New(version string) enricher.Enricher {
	return &plugin{version: version, finder: newFinder(Config{})}
}

// plugin is immutable after Configure, so it is safe for concurrent use.
type plugin struct {
	version string
	finder  *finder
}

var (
	_ enricher.Configurer       = (*plugin)(nil)
	_ enricher.LabelNeeder      = (*plugin)(nil)
	_ enricher.AnnotationNeeder = (*plugin)(nil)
	_ enricher.OwnerNeeder      = (*plugin)(nil)
	_ enricher.PodOnly          = (*plugin)(nil)
)

// Describe returns the plugin's name and version.
func (p *plugin) Describe() enricher.Description {
	return enricher.Description{Name: name, Version: p.version}
}

// Configure applies a [Config].
func (p *plugin) Configure(config []byte) error {
	var c Config
	if err := enricher.Decode(config, &c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	p.finder = newFinder(c)
	return nil
}

// NeedsLabels returns the keys of the pod's labels that the plugin reads.
func (p *plugin) NeedsLabels() []string { return p.finder.needs.podLabels.sorted() }

// NeedsAnnotations returns the keys of the pod's annotations that the plugin reads.
func (p *plugin) NeedsAnnotations() []string { return p.finder.needs.podAnnotations.sorted() }

// NeedsOwners returns the keys of the owners' labels and annotations that the plugin reads.
func (p *plugin) NeedsOwners() (labels, annotations []string) {
	if !p.finder.needs.owners {
		return nil, nil
	}
	return p.finder.needs.ownerLabels.sorted(), p.finder.needs.ownerAnnotations.sorted()
}

// PodOnly promises that the answer depends on the pod alone.
func (*plugin) PodOnly() {}

// Enrich adds the bundle and the trace context of the record's pod.
func (p *plugin) Enrich(_ context.Context, record *enricher.Record, patch *enricher.Patch) error {
	b, traceparent := p.finder.find(record.GetPod())
	if b.id != "" {
		patch.SetString(attrID, b.id)
		patch.SetString(attrName, b.name)
		if b.version != "" {
			patch.SetString(attrVersion, b.version)
		}
		patch.SetString(attrManager, b.manager)
		patch.SetString(attrSource, b.source)
		patch.SetBool(attrVerified, b.verified)
	}
	if traceparent != "" {
		patch.SetTraceContext(traceparent, "")
	}
	return nil
}
