// Package pluginhost runs plugins: it starts each as a process, by HashiCorp's
// go-plugin, holds every call to a deadline, and starts those anew that crash,
// hang or take too much memory. A plugin that does not work costs what it would
// have added to records; package enrich sees to that.
//
// A plugin is not trusted. It gets an environment of its own, no stdin, a
// process group, a socket in a folder that only this user can enter, and mutual
// TLS over that. What it prints goes into the log, at a limited rate. See DESIGN.md.
package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// Host runs plugins. Use [Start].
type Host struct {
	plugins []*Plugin
	sockets *socketFolder
	cancel  context.CancelFunc
}

// Start starts plugins, all at once, and returns when all are ready. Where one
// can't be started, none is left running, and the error says which and why; it
// is a [ConfigError] where the plugin refuses its configuration.
func Start(ctx context.Context, specs []Spec, log *slog.Logger) (*Host, error) {
	for i := range specs {
		if err := specs[i].Validate(); err != nil {
			return nil, prefixed(specs[i].Name, err)
		}
	}
	keepDescriptors()
	sockets, err := newSocketFolder()
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
	release := context.AfterFunc(ctx, cancel) // whoever gives up on the start
	starting.Wait()
	release()
	err = errors.Join(starts...)
	if ctx.Err() != nil { // what failed failed by that
		err = fmt.Errorf("start plugins: %w", context.Cause(ctx))
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// prefixed says which plugin an error is about.
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

// Close ends all plugins, those that don't end by themselves after some seconds
// with force, and returns when they are gone. It may be called again.
func (h *Host) Close() {
	h.cancel()
	for _, p := range h.plugins {
		<-p.done
	}
	h.sockets.remove()
}
