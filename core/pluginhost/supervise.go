package pluginhost

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// lookEvery is how often a plugin's memory is looked at, and every
	// healthEvery looks its health.
	lookEvery   = time.Second
	healthEvery = 5
	// steadyAfter is how long a plugin has to run for the pause before its next
	// start to be short again.
	steadyAfter = time.Minute
)

// supervise starts the plugin, tells first how that went, and keeps it running
// until ctx ends.
//
// The goroutine stays locked to its thread, whose end ends the plugin on Linux.
func (p *Plugin) supervise(ctx context.Context, first chan<- error) {
	runtime.LockOSThread() // never unlocked: a thread that is given back could end at any time
	defer close(p.done)
	in, err := start(ctx, &p.spec, &p.env, p.introduce)
	if err != nil {
		first <- err
		return
	}
	p.description, p.needs = in.wire.description, in.wire.needs
	p.current.Store(in)
	first <- nil
	for pause := newPauses(); in != nil; in = p.restart(ctx, pause) {
		started := time.Now()
		why := p.watch(ctx, in)
		p.current.Store(nil)
		if ctx.Err() != nil {
			if !in.stop(stopTimeout) {
				p.log.Warn("plugin did not end when it was asked to, and was killed", "after", stopTimeout)
			}
			return
		}
		in.stop(0) // it has ended, or does not work
		p.log.Warn("plugin is started anew, records go without it meanwhile", "reason", why)
		if time.Since(started) > steadyAfter {
			pause.Reset()
		}
	}
}

func (p *Plugin) introduce(ctx context.Context, in *instance) error {
	return in.introduce(ctx, &p.spec)
}

// watch returns why the instance can't go on, or when ctx ends.
func (p *Plugin) watch(ctx context.Context, in *instance) string {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for n := 1; ; n++ {
		var check bool
		select {
		case <-ctx.Done():
			return ""
		case <-in.process.exited:
			return p.ending(in)
		case why := <-p.suspect:
			if why != "" {
				return why
			}
			check = true
		case <-ticker.C:
			check = n%healthEvery == 0
		}
		if over := p.overMemory(in); over != "" {
			return over
		}
		if !check {
			continue
		}
		if err := in.check(ctx); err != nil && ctx.Err() == nil {
			if in.gone() {
				return p.ending(in)
			}
			return "health check: " + err.Error()
		}
	}
}

// ending says how a process ended by itself.
func (p *Plugin) ending(in *instance) string {
	how := "exit status 0"
	if err := in.process.ended(); err != nil {
		how = err.Error()
	}
	if printed := p.env.output.takeLast(); printed != "" {
		how += fmt.Sprintf("; it printed: %.200q", printed)
	}
	return how
}

// overMemory tells whether the plugin has more memory in use than it may.
func (p *Plugin) overMemory(in *instance) string {
	resident, err := residentBytes(in.process.pid())
	if err != nil { // it has just ended, or the system does not tell
		return ""
	}
	p.memory.Store(resident)
	if p.spec.MaxMemory > 0 && resident > p.spec.MaxMemory {
		return fmt.Sprintf("it uses %d MiB of memory, %d are allowed", resident>>20, p.spec.MaxMemory>>20)
	}
	return ""
}

// restart starts the plugin until that succeeds, with growing pauses, or ctx ends.
func (p *Plugin) restart(ctx context.Context, pause *backoff.ExponentialBackOff) *instance {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause.NextBackOff()):
		}
		in, err := start(ctx, &p.spec, &p.env, p.introduce)
		if err == nil {
			p.begin(in)
			return in
		}
		if ctx.Err() == nil {
			p.log.Error("plugin can't be started, trying again", "error", err)
		}
	}
}

// begin has records go to a new instance.
func (p *Plugin) begin(in *instance) {
	p.restarts.Add(1)
	p.breaker.reset()
	select {
	case <-p.suspect: // was about the one before
	default:
	}
	p.current.Store(in)
	p.log.Info("plugin runs again")
}
