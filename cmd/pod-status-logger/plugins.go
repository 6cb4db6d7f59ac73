package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/plugins/bundle"
	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

const builtinBundle = "bundle"

// builtins are the plugins that are part of the program, which then executes
// itself.
func builtins() map[string]func() enricher.Enricher {
	return map[string]func() enricher.Enricher{
		builtinBundle: func() enricher.Enricher { return bundle.New(buildVersion()) },
	}
}

func builtinNames() []string { return slices.Sorted(maps.Keys(builtins())) }

// startPlugins starts the configured plugins. An error that a plugin's
// configuration is to blame for is one of usage; where ctx has ended, the error
// is errInterrupted.
func startPlugins(ctx context.Context, c Config, env environment, log *slog.Logger) (*pluginhost.Host, error) {
	specs := make([]pluginhost.Spec, len(c.Plugins))
	for i := range c.Plugins {
		p := &c.Plugins[i]
		specs[i] = p.spec(env.lookup, c.Cluster)
		if p.Command != "" && p.SHA256 == "" {
			log.Warn("plugin is not pinned: whoever can replace its file can run what they like; sha256 pins it", "plugin", p.Name, "command", p.Command)
		}
		for _, name := range p.Env {
			if _, ok := env.lookup(name); !ok {
				log.Warn("plugin is to get a variable that is not set", "plugin", p.Name, "variable", name)
			}
		}
	}
	host, err := pluginhost.Start(ctx, specs, log)
	config := (*pluginhost.ConfigError)(nil)
	switch {
	case err == nil:
		return host, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w", errInterrupted, err)
	case errors.As(err, &config), errors.Is(err, fs.ErrNotExist), errors.Is(err, pluginhost.ErrCommand):
		return nil, usage(err)
	}
	return nil, err
}

// enrich starts the plugins and puts together what adds to records. cluster is
// nil where there is none to look up the owners of pods in. It returns the
// annotations of pods that plugins need.
func (s *service) enrich(ctx context.Context, env environment, cluster *rest.Config) (annotations []string, err error) {
	if len(s.config.Plugins) == 0 {
		return nil, nil
	}
	if s.plugins, err = startPlugins(ctx, s.config, env, s.log); err != nil {
		return nil, err
	}
	var members []enrich.Member
	var ofOwners []*enrichv1.OwnerNeeds
	for i, p := range s.plugins.Plugins() {
		s.log.Debug("plugin is ready", "plugin", p.Name(), "version", p.Version())
		s.metrics.WatchPlugin(p.Name(), p.Stats)
		members = append(members, enrich.Member{
			Plugin:        p,
			Timeout:       s.config.Plugins[i].timeout(),
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
func (s *service) newOwners(needs []*enrichv1.OwnerNeeds, cluster *rest.Config) (*owner.Finder, error) {
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

// close sends the last metrics, ends the plugins and the look-ups for them, and
// closes the journal.
func (s *service) close() {
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
