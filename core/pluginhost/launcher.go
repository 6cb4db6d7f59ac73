package pluginhost

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// launcher starts the instances of one plugin, one after the other, and has what
// they share.
type launcher struct {
	spec    Spec
	output  *output
	library hclog.Logger
	sockets *socketFolder // nil: the plugin is not a process
	calls   callSlots     // of a plugin within this process
}

func newLauncher(spec Spec, sockets *socketFolder, log *slog.Logger) *launcher {
	return &launcher{
		spec:    spec,
		output:  newOutput(log),
		library: newLibraryLog(log),
		sockets: sockets,
		calls:   newCallSlots(),
	}
}

// readyFunc gets an instance ready that is connected.
type readyFunc = func(context.Context, *instance) error

// start starts the plugin, connects to it and calls ready, all within
// startTimeout. If any of that fails, nothing is left running.
//
// If the plugin is a process, the caller is locked to its thread: see
// [process.Start].
func (l *launcher) start(ctx context.Context, ready readyFunc) (*instance, error) {
	if l.spec.InProcess != nil {
		return l.startInProcess(ctx, ready)
	}
	return l.startProcess(ctx, ready)
}

func (l *launcher) startInProcess(ctx context.Context, ready readyFunc) (*instance, error) {
	body, err := newInProcess(l.spec.InProcess, l.output, l.calls)
	if err != nil {
		return nil, err
	}
	in := &instance{body: body, client: plugin.NewClient(l.attach(body))}
	if err := in.begin(ctx, ready); err != nil {
		in.stop(0)
		return nil, err
	}
	return in, nil
}

func (l *launcher) startProcess(ctx context.Context, ready readyFunc) (*instance, error) {
	sockets, err := l.sockets.ensure()
	if err != nil {
		return nil, err
	}
	cmd, err := l.spec.command()
	if err != nil {
		return nil, err
	}
	p := newProcess(&l.spec, cmd, l.output, sockets)
	in := &instance{
		file:           newExecutable(l.spec.Command),
		body:           p,
		client:         plugin.NewClient(l.launch(p)),
		stage:          "its handshake",
		checkHandshake: p.checkCertificate,
	}
	if err := in.begin(ctx, ready); err != nil {
		in.stop(0)
		p.removeFiles()
		return nil, p.explain(err, l.output.takeLast())
	}
	return in, nil
}

// begin connects to the plugin and calls ready, within startTimeout.
//
// go-plugin's calls have no deadline and block as long as a plugin neither
// answers nor ends. Killing it ends them, so that is what the deadline does.
func (in *instance) begin(ctx context.Context, ready readyFunc) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	release := context.AfterFunc(ctx, func() { _ = in.body.Kill(ctx) })
	err := in.connect()
	if err == nil {
		err = ready(ctx, in)
	}
	if !release() || ctx.Err() != nil {
		return fmt.Errorf("not ready within %v; %s is missing", startTimeout, in.stage)
	}
	return err
}

// ending returns how an instance ended by itself, with its last words.
func (l *launcher) ending(in *instance) string {
	how := "exit status 0"
	if err := in.ended(); err != nil {
		how = err.Error()
	}
	if printed := l.output.takeLast(); printed != "" {
		how += fmt.Sprintf("; it printed: %.200q", printed)
	}
	return how
}
