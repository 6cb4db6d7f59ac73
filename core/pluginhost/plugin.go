package pluginhost

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Plugin is a plugin that is kept running.
type Plugin struct {
	launcher *launcher
	log      *slog.Logger

	current atomic.Pointer[instance] // nil while it is not running
	breaker *breaker
	suspect chan string // reasons to check it

	description *enrichv1.DescribeResponse // of the first start
	needs       *enrichv1.Needs
	restarts    atomic.Uint64
	memory      atomic.Int64
	done        chan struct{}
}

var _ enrich.Plugin = (*Plugin)(nil)

func newPlugin(spec Spec, sockets *socketFolder, log *slog.Logger) *Plugin {
	if spec.Name != "" {
		log = log.With("plugin", spec.Name)
	}
	return &Plugin{
		launcher: newLauncher(spec, sockets, log),
		log:      log,
		breaker:  newBreaker(),
		suspect:  make(chan string, 1),
		done:     make(chan struct{}),
	}
}

// Name returns the name that the plugin describes itself with.
func (p *Plugin) Name() string { return p.description.GetName() }

// Version returns the version that the plugin describes itself with.
func (p *Plugin) Version() string { return p.description.GetVersion() }

// Needs returns the parts of records that the plugin needs.
func (p *Plugin) Needs() *enrichv1.Needs { return p.needs }

// Why a plugin was not called, as records have it.
const (
	errNotRunning  enrich.UnavailableError = "not running"
	errBreakerOpen enrich.UnavailableError = "breaker open"
)

// Patch calls the plugin, unless it is not running or its breaker is open.
func (p *Plugin) Patch(ctx context.Context, batch []record.Record) ([]enrich.Patch, error) {
	in := p.current.Load()
	if in == nil {
		return nil, errNotRunning
	}
	if !p.breaker.allow(time.Now()) {
		return nil, errBreakerOpen
	}
	patches, err := in.wire.Patch(ctx, batch)
	switch {
	case err == nil:
		if p.breaker.good() {
			p.log.Info("plugin answers again")
		}
		return patches, nil
	case errors.Is(ctx.Err(), context.Canceled): // the host ends: the plugin is not to blame
		p.breaker.giveUp()
	case in == p.current.Load(): // otherwise another instance runs by now
		p.failed(err, errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil)
	}
	return nil, err
}

// failed notes a failed call. When that opens the breaker, the plugin is checked,
// and started again if it has not answered several times.
func (p *Plugin) failed(err error, late bool) {
	tripped, times := p.breaker.bad(time.Now())
	if !tripped {
		return
	}
	if late {
		err = errors.New("it did not answer in time")
	}
	p.log.Warn("plugin failed repeatedly; calls pause and records lack its attributes", "error", err)
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
	LinesDropped uint64 // of its log
	MemoryBytes  int64  // resident, at the last look; 0 if unknown, or within this process
}

// Stats returns the plugin's figures. Safe for concurrent use.
func (p *Plugin) Stats() Stats {
	return Stats{
		Up:           p.current.Load() != nil && !p.breaker.open(),
		Restarts:     p.restarts.Load(),
		LinesDropped: p.launcher.output.dropped.Load(),
		MemoryBytes:  p.memory.Load(),
	}
}
