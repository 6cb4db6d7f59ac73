package pluginhost

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Plugin is a plugin that is kept running.
type Plugin struct {
	spec Spec
	log  *slog.Logger
	env  surroundings

	current atomic.Pointer[instance] // nil while it is not running
	breaker *breaker
	suspect chan string // why it should be looked at

	description *enrichv1.DescribeResponse // of the first start
	needs       *enrichv1.Needs
	restarts    atomic.Uint64
	memory      atomic.Int64
	done        chan struct{}
}

var _ enrich.Plugin = (*Plugin)(nil)

// surroundings are what the processes of a plugin share.
type surroundings struct {
	sockets *socketFolder
	output  *output
	library hclog.Logger
}

func newPlugin(spec Spec, sockets *socketFolder, log *slog.Logger) *Plugin {
	if spec.Name != "" {
		log = log.With("plugin", spec.Name)
	}
	return &Plugin{
		spec:    spec,
		log:     log,
		env:     surroundings{sockets, newOutput(log), newLibraryLog(log)},
		breaker: newBreaker(),
		suspect: make(chan string, 1),
		done:    make(chan struct{}),
	}
}

// Name is what the plugin calls itself.
func (p *Plugin) Name() string { return p.description.GetName() }

// Version is what the plugin says of itself.
func (p *Plugin) Version() string { return p.description.GetVersion() }

// Needs is what the plugin wants to see.
func (p *Plugin) Needs() *enrichv1.Needs { return p.needs }

// What a record says of a plugin that was not asked.
const (
	errNotRunning  enrich.UnavailableError = "not running"
	errBreakerOpen enrich.UnavailableError = "breaker open"
)

// Patch asks the plugin, if it is running and has answered of late.
func (p *Plugin) Patch(ctx context.Context, batch []record.Record) ([]enrich.Patch, error) {
	in := p.current.Load()
	if in == nil {
		return nil, errNotRunning
	}
	if !p.breaker.allow(time.Now()) {
		return nil, errBreakerOpen
	}
	patches, err := in.wire.patch(ctx, batch)
	switch {
	case err == nil:
		if p.breaker.good() {
			p.log.Info("plugin answers again")
		}
		return patches, nil
	case errors.Is(ctx.Err(), context.Canceled): // the host ends: the plugin is not to blame
		p.breaker.giveUp()
	case in == p.current.Load(): // else it says nothing of the one that runs now
		p.failed(err, errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil)
	}
	if ended := (*endedError)(nil); errors.As(err, &ended) && !in.gone() {
		return nil, errors.New(ended.message) // it is the plugin that says so
	}
	return nil, err
}

// failed notes a failed call. A plugin whose breaker opens is looked at, and one
// that still does not answer when that has been tried some times is given up on.
func (p *Plugin) failed(err error, late bool) {
	tripped, times := p.breaker.bad(time.Now())
	if !tripped {
		return
	}
	if late {
		err = errors.New("it did not answer in time")
	}
	p.log.Warn("plugin fails, records go without it for a while", "error", err)
	why := ""
	if times >= hopelessAfter && late {
		why = "it does not answer"
	}
	select {
	case p.suspect <- why:
	default:
	}
}

// Stats are a plugin's figures.
type Stats struct {
	Up           bool // it runs, and its breaker is closed
	Restarts     uint64
	LinesDropped uint64 // lines of its log that were left out
	MemoryBytes  int64  // resident, when last looked at; 0 where it is not known
}

// Stats returns the plugin's figures. Safe for concurrent use.
func (p *Plugin) Stats() Stats {
	return Stats{
		Up:           p.current.Load() != nil && !p.breaker.open(),
		Restarts:     p.restarts.Load(),
		LinesDropped: p.env.output.dropped.Load(),
		MemoryBytes:  p.memory.Load(),
	}
}
