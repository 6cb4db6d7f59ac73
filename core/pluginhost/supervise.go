package pluginhost

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost/family"
)

const (
	// lookEvery is how often a process's memory is looked at, and every healthEvery
	// looks its health.
	lookEvery   = time.Second
	healthEvery = 5
	// steadyAfter is how long a plugin has to run for the pause before its next
	// start to be short again.
	steadyAfter = time.Minute
)

// supervise starts the plugin, sends the result of that to first, and keeps the
// plugin running until ctx ends.
//
// If the plugin is a process, the goroutine stays locked to its thread, whose end
// ends the plugin on Linux.
func (p *Plugin) supervise(ctx context.Context, first chan<- error) {
	if p.launcher.spec.isProcess() {
		runtime.LockOSThread() // never unlocked: a thread that is given back could end at any time
	}
	defer close(p.done)
	in, err := p.launcher.start(ctx, p.introduce)
	if err != nil {
		first <- err
		return
	}
	p.description, p.needs = in.wire.Description(), in.wire.Needs()
	p.current.Store(in)
	first <- nil
	for pause := newPauses(); in != nil; in = p.restart(ctx, pause) {
		started := time.Now()
		why := p.watch(ctx, in)
		p.current.Store(nil)
		if ctx.Err() != nil {
			if !in.stop(stopTimeout) {
				p.log.Warn("plugin did not exit on request and was killed", "after", stopTimeout)
			}
			return
		}
		patience := time.Duration(0) // it has ended, or does not work
		if why == fileChanged {
			patience = stopTimeout
		}
		in.stop(patience)
		p.log.Warn("restarting plugin; records lack its attributes meanwhile", "reason", why)
		if why == fileChanged || time.Since(started) > steadyAfter {
			pause.Reset()
		}
	}
}

// fileChanged is the reason to replace an instance that works.
const fileChanged = "its file has changed"

// outdated reports whether the instance runs another file than the present one, and may run that.
// The file of a pinned plugin may not change: the host runs its copy of the one that was pinned.
func (p *Plugin) outdated(in *instance) bool {
	if !in.file.replaced() {
		return false
	}
	if p.launcher.spec.SHA256 == "" {
		return true
	}
	p.log.Warn("the plugin's file has changed and may not be the pinned one; the copy that was pinned keeps running",
		"command", p.launcher.spec.Command)
	return false
}

func (p *Plugin) introduce(ctx context.Context, in *instance) error {
	return in.introduce(ctx, &p.launcher.spec)
}

// watch returns why the instance has to be replaced, or when ctx ends.
func (p *Plugin) watch(ctx context.Context, in *instance) string {
	looks, stop := p.looks()
	defer stop()
	for n := 1; ; n++ {
		var check bool
		select {
		case <-ctx.Done():
			return ""
		case <-in.body.exited():
			return p.launcher.ending(in)
		case why := <-p.suspect:
			if why != "" {
				return why
			}
			check = true
		case <-looks:
			check = n%healthEvery == 0
		}
		if over := p.boundMemory(in); over != "" {
			return over
		}
		if p.outdated(in) {
			return fileChanged
		}
		if !check {
			continue
		}
		if err := in.check(ctx); err != nil && ctx.Err() == nil {
			if in.gone() {
				return p.launcher.ending(in)
			}
			return "health check: " + err.Error()
		}
	}
}

// looks returns a channel that ticks when a process is due to be looked at. A
// plugin within this process has no memory of its own, and failed calls show its
// health.
func (p *Plugin) looks() (looks <-chan time.Time, stop func()) {
	if !p.launcher.spec.isProcess() {
		return nil, func() {}
	}
	ticker := time.NewTicker(lookEvery)
	return ticker.C, ticker.Stop
}

// boundMemory kills a process and all that it has started if together they use more
// memory than they may, and returns the reason.
func (p *Plugin) boundMemory(in *instance) string {
	running, ok := in.body.(*process)
	if !ok {
		return ""
	}
	all := family.Of(running.pid())
	if all.Resident == 0 { // it has just ended, or the system does not report it
		return ""
	}
	p.memory.Store(all.Resident)
	most := p.launcher.spec.MaxMemory
	if most <= 0 || all.Resident <= most {
		return ""
	}
	all.Kill() // those that have left its process group, too
	return fmt.Sprintf("it uses %d MiB of memory, at most %d are allowed", all.Resident>>20, most>>20)
}

// restart starts the plugin until that succeeds, with growing pauses, or ctx ends.
func (p *Plugin) restart(ctx context.Context, pause *backoff.ExponentialBackOff) *instance {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause.NextBackOff()):
		}
		in, err := p.launcher.start(ctx, p.introduce)
		if err == nil {
			p.begin(in)
			return in
		}
		if ctx.Err() == nil {
			p.log.Error("plugin can't be started, retrying", "error", err)
		}
	}
}

// begin sends records to a new instance.
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
