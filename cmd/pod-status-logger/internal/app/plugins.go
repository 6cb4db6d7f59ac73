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

// Builtins are the plugins that are part of the program, which then executes
// itself.
func Builtins(version string) map[string]func() enricher.Enricher {
	return map[string]func() enricher.Enricher{
		config.BuiltinBundle: func() enricher.Enricher { return bundle.New(version) },
	}
}

// ErrInterrupted is why a command ended that had not begun: there was a signal.
var ErrInterrupted = errors.New("interrupted")

// startPlugins starts the configured plugins. An error that a plugin's
// configuration is to blame for is one of usage; where ctx has ended, the error
// is ErrInterrupted.
func startPlugins(ctx context.Context, c config.Config, env Environment) (*pluginhost.Host, error) {
	specs := make([]pluginhost.Spec, len(c.Plugins))
	for i := range c.Plugins {
		p := &c.Plugins[i]
		specs[i] = p.Spec(env.Lookup, c.Cluster)
		if p.Command != "" && p.SHA256 == "" {
			env.Log.Warn("plugin is not pinned: whoever can replace its file can run what they like; sha256 pins it", "plugin", p.Name, "command", p.Command)
		}
		for _, name := range p.Env {
			if _, ok := env.Lookup(name); !ok {
				env.Log.Warn("plugin is to get a variable that is not set", "plugin", p.Name, "variable", name)
			}
		}
	}
	host, err := pluginhost.Start(ctx, specs, env.Log)
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

// enrich starts the plugins and puts together what adds to records. cluster is
// nil where there is none to look up the owners of pods in. It returns the
// annotations of pods that plugins need.
func (s *Service) enrich(ctx context.Context, env Environment, cluster *rest.Config) (annotations []string, err error) {
	if len(s.config.Plugins) == 0 {
		return nil, nil
	}
	if s.plugins, err = startPlugins(ctx, s.config, env); err != nil {
		return nil, err
	}
	var members []enrich.Member
	var ofOwners []*enrichv1.OwnerNeeds
	for i, p := range s.plugins.Plugins() {
		s.log.Debug("plugin is ready", "plugin", p.Name(), "version", p.Version())
		s.metrics.RegisterPlugin(p.Name(), p.Stats)
		members = append(members, enrich.Member{
			Plugin:        p,
			Timeout:       s.config.Plugins[i].CallTimeout(),
			AllowSuppress: s.config.Plugins[i].AllowSuppress,
			PodOnly:       p.Needs().GetPodOnly(),
		})
		annotations = append(annotations, p.Needs().GetAnnotations()...)
		if needs := p.Needs().GetOwners(); needs != nil {
			ofOwners = append(ofOwners, needs)
		}
	}
	var owners enrich.Owners
	if len(ofOwners) > 0 && cluster != nil {
		if s.owners, err = s.newOwners(ofOwners, cluster); err != nil {
			return nil, err
		}
		owners = s.owners
	}
	s.enricher = enrich.New(members, owners, s.metrics, s.log)
	slices.Sort(annotations)
	return slices.Compact(annotations), nil
}

// newOwners returns what looks up owners, with the metadata that any plugin needs.
func (s *Service) newOwners(needs []*enrichv1.OwnerNeeds, cluster *rest.Config) (*owner.Finder, error) {
	settings := owner.Settings{
		Config:   cluster,
		Logger:   s.log,
		OnLookup: func(outcome string) { s.metrics.OwnerLookups.WithLabelValues(outcome).Inc() },
	}
	for _, outcome := range owner.Outcomes() {
		s.metrics.OwnerLookups.WithLabelValues(outcome)
	}
	for _, n := range needs {
		settings.Labels = append(settings.Labels, n.GetLabels()...)
		settings.Annotations = append(settings.Annotations, n.GetAnnotations()...)
	}
	return owner.New(settings)
}

// Close sends the last metrics, ends the plugins and the look-ups for them, and
// closes the journal.
func (s *Service) Close() {
	s.stopMetrics()
	if s.owners != nil {
		s.owners.Close()
	}
	if s.plugins != nil {
		s.plugins.Close()
	}
	if err := s.journal.Close(); err != nil {
		s.log.Error("the journal was not closed in good order; the next start may deliver a few records again", "error", err)
	}
}
