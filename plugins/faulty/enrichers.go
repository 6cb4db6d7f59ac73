package faulty

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// enrichers are plugins on top of package enricher.
func enrichers() map[string]enricher.Enricher {
	on := func(do func(r *enricher.Record, p *enricher.Patch) error) enricher.Enricher { return faulty{do: do} }
	return map[string]enricher.Enricher{
		"good":       on(nil),
		"configured": configured{},
		"logs":       &logger{},
		"suppresses": on(func(_ *enricher.Record, p *enricher.Patch) error { p.Suppress(); return nil }),
		"traced": on(func(_ *enricher.Record, p *enricher.Patch) error {
			p.SetTraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=x")
			return nil
		}),

		// It does not start.
		"another-name":           faulty{name: "other"},
		"bad-name":               faulty{name: "k8s"},
		"panics-when-described":  describer{do: func() enricher.Description { panic("out of cheese") }},
		"panics-when-configured": configurer{do: func() error { panic("out of cheese") }},
		"hangs-when-configured":  configurer{do: func() error { select {} }},

		// It ends, or does not end.
		"crashes":            on(func(*enricher.Record, *enricher.Patch) error { os.Exit(7); return nil }),
		"panics":             on(func(*enricher.Record, *enricher.Patch) error { panic("out of cheese") }),
		"ignores-the-end":    closer{do: func() error { select {} }},
		"panics-when-closed": closer{do: func() error { panic("out of cheese") }},

		// It does not answer.
		"hangs": on(func(*enricher.Record, *enricher.Patch) error { select {} }),
		"stops": on(func(*enricher.Record, *enricher.Patch) error { return syscall.Kill(os.Getpid(), syscall.SIGSTOP) }),

		// Its answers break rules.
		"garbage": on(func(_ *enricher.Record, p *enricher.Patch) error { p.SetString("NO SUCH\nKEY", "x"); return nil }),

		// It is wrong about each record, which no rule about single patches shows.
		"fails-for-each-record": on(func(*enricher.Record, *enricher.Patch) error { return errors.New("no database") }),

		"leaks": on(leak()),
	}
}

// faulty adds the name of the pod to each record, unless it does something else.
type faulty struct {
	name string
	do   func(r *enricher.Record, p *enricher.Patch) error
}

func (f faulty) Describe() enricher.Description {
	if f.name == "" {
		f.name = Name
	}
	return enricher.Description{Name: f.name, Version: "1.2.3"}
}

func (f faulty) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	if f.do == nil {
		return good(r, p)
	}
	return f.do(r, p)
}

func good(r *enricher.Record, p *enricher.Patch) error {
	p.SetString("pod", r.GetPod().GetName())
	return nil
}

// describer, configurer and closer do something of their own in one method.
type (
	describer struct {
		faulty
		do func() enricher.Description
	}
	configurer struct {
		faulty
		do func() error
	}
	closer struct {
		faulty
		do func() error
	}
)

func (d describer) Describe() enricher.Description { return d.do() }
func (c configurer) Configure([]byte) error        { return c.do() }
func (c closer) Close() error                      { return c.do() }

// configured takes one key, prefix, unless it is "bad".
type configured struct{ faulty }

var _ enricher.Configurer = configured{}

func (configured) Configure(config []byte) error {
	var c struct {
		Prefix string `json:"prefix"`
	}
	if err := enricher.Decode(config, &c); err != nil {
		return err
	}
	if c.Prefix == "bad" {
		return errors.New(`prefix: "bad" is not good; any other text is`)
	}
	return nil
}

// logger logs each record.
type logger struct {
	faulty
	log *slog.Logger
}

var _ enricher.Logger = (*logger)(nil)

func (l *logger) SetLogger(log *slog.Logger) { l.log = log }

func (l *logger) Enrich(ctx context.Context, r *enricher.Record, p *enricher.Patch) error {
	l.log.Error("logged", "pod", r.GetPod().GetName())
	return l.faulty.Enrich(ctx, r, p)
}

// leak keeps 64 KiB for each record.
func leak() func(r *enricher.Record, p *enricher.Patch) error {
	var held [][]byte
	return func(r *enricher.Record, p *enricher.Patch) error {
		block := make([]byte, 64<<10)
		for i := 0; i < len(block); i += os.Getpagesize() {
			block[i] = 1
		}
		held = append(held, block)
		return good(r, p)
	}
}
