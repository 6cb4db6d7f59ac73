package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/plugins/bundle"
	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Builtins returns the plugins that are part of the program.
func Builtins(version string) map[string]func() enricher.Enricher {
	return map[string]func() enricher.Enricher{
		config.BuiltinBundle: func() enricher.Enricher { return bundle.New(version) },
	}
}

// PluginSpec returns a plugin for its host. A built-in one runs within the program,
// unless it is isolated: then the program executes itself.
func PluginSpec(p *config.PluginConfig, cluster, version string, lookup config.Lookup) pluginhost.Spec {
	spec := p.Spec(lookup, cluster)
	if p.InProcess() {
		spec.InProcess = enricher.InProcess(Builtins(version)[p.Builtin])
	}
	return spec
}

// ErrInterrupted is the error of a run that a signal ended during its start.
var ErrInterrupted = errors.New("interrupted")

// startPlugins starts the configured plugins. Errors in their configuration are errors
// of usage. After ctx has ended, the error is [ErrInterrupted].
func startPlugins(ctx context.Context, c config.Config, env Environment) (*pluginhost.Host, error) {
	specs := make([]pluginhost.Spec, len(c.Plugins))
	for i := range c.Plugins {
		specs[i] = PluginSpec(&c.Plugins[i], c.Cluster, env.Version, env.Lookup)
		warnOfPlugin(&c.Plugins[i], env)
	}
	host, err := pluginhost.Start(ctx, specs, env.pluginLog())
	refused := (*pluginhost.ConfigError)(nil)
	switch {
	case err == nil:
		return host, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, err)
	case errors.As(err, &refused), errors.Is(err, fs.ErrNotExist), errors.Is(err, pluginhost.ErrCommand):
		return nil, config.Usage(err)
	}
	return nil, err
}

func warnOfPlugin(p *config.PluginConfig, env Environment) {
	if p.Command != "" && p.SHA256 == "" {
		env.Log.Warn("plugin is not pinned: whoever can replace its file can run any code; set sha256 to pin it",
			"plugin", p.Name, "command", p.Command)
	}
	for _, name := range p.Env {
		if _, ok := env.Lookup(name); !ok {
			env.Log.Warn("plugin needs a variable that is not set", "plugin", p.Name, "variable", name)
		}
	}
}

// openPlugins starts the plugins. It returns what adds to records, nil if there are
// no plugins, and the annotations of pods that plugins need.
func (s *service) openPlugins(
	ctx context.Context, env Environment, cluster *rest.Config,
) (chain *enrich.Chain, annotations []string, err error) {
	if len(s.config.Plugins) == 0 {
		return nil, nil, nil
	}
	host, err := startPlugins(ctx, s.config, env)
	if err != nil {
		return nil, nil, err
	}
	s.closers.push(func() error { host.Close(); return nil })
	var entries []enrich.ChainEntry
	var ofOwners []*enrichv1.OwnerNeeds
	for i, p := range host.Plugins() {
		s.log.Debug("plugin is ready", "plugin", p.Name(), "version", p.Version())
		s.metrics.RegisterPlugin(p.Name(), p.Stats)
		entries = append(entries, enrich.ChainEntry{
			Plugin:        p,
			Timeout:       s.config.Plugins[i].CallTimeout(),
			AllowSuppress: s.config.Plugins[i].AllowSuppress,
			PodOnly:       p.Needs().GetPodOnly(),
		})
		annotations = append(annotations, p.Needs().GetAnnotations()...)
		if needs := p.Needs().GetOwners(); needs != nil {
			ofOwners = append(ofOwners, s.withPodLabels(needs, p.Needs().GetLabels()))
			s.ownerAnnotations = append(s.ownerAnnotations, needs.GetAnnotations()...)
		}
	}
	owners := env.owners
	if cluster != nil {
		owners, err = s.openOwners(ofOwners, cluster)
	}
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(annotations)
	return enrich.New(entries, owners, s.metrics, s.log), slices.Compact(annotations), nil
}

// withPodLabels adds the labels of pods that a plugin needs to those of owners, which stand
// for them in Events about an owner.
func (s *service) withPodLabels(needs *enrichv1.OwnerNeeds, ofPods []string) *enrichv1.OwnerNeeds {
	if !s.config.Events.Enabled {
		return needs
	}
	return &enrichv1.OwnerNeeds{
		Labels: slices.Concat(needs.GetLabels(), ofPods), Annotations: needs.GetAnnotations(),
	}
}

// openOwners returns the finder of owners, with the metadata that plugins need of
// them. It is nil if no plugin needs any.
func (s *service) openOwners(needs []*enrichv1.OwnerNeeds, cluster *rest.Config) (enrich.Owners, error) {
	if len(needs) == 0 {
		return nil, nil
	}
	settings := owner.Settings{
		Config:     cluster,
		Namespaces: s.config.Watch.Namespaces,
		Logger:     s.log,
		OnLookup:   func(outcome string) { s.metrics.OwnerLookups.WithLabelValues(outcome).Inc() },
	}
	for _, outcome := range owner.Outcomes() {
		s.metrics.OwnerLookups.WithLabelValues(outcome)
	}
	for _, reason := range owner.Reasons() {
		s.metrics.OwnerPending.WithLabelValues(reason)
	}
	for _, n := range needs {
		settings.Labels = append(settings.Labels, n.GetLabels()...)
		settings.Annotations = append(settings.Annotations, n.GetAnnotations()...)
	}
	finder, err := owner.New(settings)
	if err != nil {
		return nil, err
	}
	s.closers.push(func() error { finder.Close(); return nil })
	return finder, nil
}
