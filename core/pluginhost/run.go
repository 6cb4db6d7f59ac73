package pluginhost

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Process is one run of a plugin that is not restarted, to inspect the plugin. Use
// [Run].
type Process struct {
	spec     *Spec
	launcher *launcher
	in       *instance
	done     chan struct{}
}

// Run starts a plugin and connects to it, without a call.
func Run(ctx context.Context, spec Spec, log *slog.Logger) (*Process, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	sockets, err := socketsFor([]Spec{spec}, log)
	if err != nil {
		return nil, err
	}
	p := &Process{spec: &spec, launcher: newLauncher(spec, sockets, log), done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		if spec.isProcess() {
			runtime.LockOSThread() // see Plugin.supervise
		}
		defer close(p.done)
		defer sockets.remove()
		in, err := p.launcher.start(ctx, func(context.Context, *instance) error { return nil })
		p.in = in
		started <- err
		if err == nil {
			<-in.body.exited()
		}
	}()
	err = <-started
	if err != nil {
		<-p.done // nothing is left
	}
	return p, err
}

// Client calls the plugin, without the host's bound for messages.
func (p *Process) Client() enrichv1.EnricherServiceClient {
	return enrichv1.NewEnricherServiceClient(p.in.conn)
}

// Health calls the plugin's health service as the host of a running plugin does, every 5 s.
func (p *Process) Health(ctx context.Context) error { return p.in.check(ctx) }

// Ended returns how the plugin ended, with the last words that it printed, "" if it runs. It
// waits a moment for the end of a plugin whose connection is lost.
func (p *Process) Ended() string {
	if !p.in.gone() {
		return ""
	}
	return p.launcher.ending(p.in)
}

// Stop asks the plugin to end, and kills it if it has not when ctx is done or three
// seconds are over. The error reports that it was killed.
func (p *Process) Stop(ctx context.Context) error {
	patience := stopTimeout
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	byItself := p.in.stop(patience)
	<-p.done
	if !byItself {
		return fmt.Errorf("it did not end within %.1f s when it was asked to, and was killed", patience.Seconds())
	}
	return nil
}

// Kill ends the plugin at once, and returns when it has ended.
func (p *Process) Kill() {
	p.in.stop(0)
	<-p.done
}

// Introduce calls Describe and, with the configuration of the spec, Configure, as a
// host does. If the error is a [ConfigError], the other results are those without a
// configuration.
func (p *Process) Introduce(ctx context.Context) (*enrichv1.DescribeResponse, *enrichv1.Needs, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err := p.in.introduce(ctx, p.spec)
	return p.in.wire.Description(), p.in.wire.Needs(), err
}
