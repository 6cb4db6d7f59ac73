// Package pluginhost runs plugins with HashiCorp's go-plugin: an external plugin as a process, a
// built-in one within this process or, if the operator isolates it, as a process too. It sets a
// deadline for each call, and restarts plugins that crash, hang or use too much memory. A plugin
// that fails costs its attributes; package enrich ensures that.
//
// A process is not trusted. It gets an environment of its own, no stdin, a process
// group, a socket in a folder that only this user can enter, and mutual TLS over
// that. Its output goes into the log, at a limited rate. See DESIGN.md.
package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// Host runs plugins. Use [Start].
type Host struct {
	plugins []*Plugin
	sockets *socketFolder // nil: no plugin is a process
	cancel  context.CancelFunc
}

// Start starts plugins, all at once, and returns when all are ready. If one fails
// to start, none is left running, and the error names it and the reason; the error is
// a [ConfigError] if the plugin refuses its configuration.
func Start(ctx context.Context, specs []Spec, log *slog.Logger) (*Host, error) {
	for i := range specs {
		if err := specs[i].Validate(); err != nil {
			return nil, prefixed(specs[i].Name, err)
		}
	}
	sockets, err := socketsFor(specs, log)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h := &Host{sockets: sockets, cancel: cancel}
	starts := make([]error, len(specs))
	var starting sync.WaitGroup
	for i, spec := range specs {
		p := newPlugin(spec, sockets, log)
		h.plugins = append(h.plugins, p)
		first := make(chan error, 1)
		go p.supervise(running, first)
		starting.Go(func() { starts[i] = prefixed(spec.Name, <-first) })
	}
	release := context.AfterFunc(ctx, cancel) // if the caller gives up on the start
	starting.Wait()
	release()
	err = errors.Join(starts...)
	if ctx.Err() != nil { // which made the others fail
		err = fmt.Errorf("start plugins: %w", context.Cause(ctx))
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// socketsFor makes a folder for sockets, if any of the plugins is a process.
func socketsFor(specs []Spec, log *slog.Logger) (*socketFolder, error) {
	if !slices.ContainsFunc(specs, Spec.isProcess) {
		return nil, nil
	}
	keepDescriptors()
	return newSocketFolder(log)
}

// prefixed names the plugin in an error.
func prefixed(name string, err error) error {
	if err == nil {
		return nil
	}
	if name == "" {
		return fmt.Errorf("plugin: %w", err)
	}
	return fmt.Errorf("plugin %s: %w", name, err)
}

// Plugins returns the plugins in the order of their specs.
func (h *Host) Plugins() []*Plugin { return h.plugins }

// Close ends all plugins, by force those that don't end by themselves within some
// seconds, and returns when they have ended. It may be called again.
func (h *Host) Close() {
	h.cancel()
	for _, p := range h.plugins {
		<-p.done
	}
	h.sockets.remove()
}
