package measure

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
	"github.com/pod-status-logger/pod-status-logger/bench/process"
	"github.com/pod-status-logger/pod-status-logger/bench/sink"
)

// Trial is one run of a subject: it lists the pods and comes to rest, then the
// events come.
type Trial struct {
	Subject Subject
	Pods    int
	Size    apiserver.Size
	Events  int
	Rate    int  // of events a second; 0: at full speed
	Memory  bool // wait until memory has settled, before it is read
	Plain   bool // HTTP/1.1 without TLS

	// during is called while the events come, and ends the trial, which has no
	// outcome then; nil: it goes on until all is there.
	during func(address string) error
}

// Outcome is what came of a trial.
type Outcome struct {
	CPU       time.Duration // for an event
	PerSecond float64       // events
	Mallocs   float64       // for an event; 0: not known
	Steady    int64         // bytes resident afterwards
	Peak      int64         // bytes resident at most
	Stdout    Delay
	OTLP      Delay
	// Lost are events without a record where there should be one, and numbers of
	// records that are missing or there twice.
	Lost    int
	Drained time.Duration // from the first event until all was there
	Synced  time.Duration // from the start until it was at rest
	Media   string        // type of the watch
	Failure string        // why there is nothing else
}

// Delay is how long events took to arrive.
type Delay struct{ P50, P99 time.Duration }

// run is a trial under way.
type run struct {
	Trial
	site    site
	server  *apiserver.Server
	process *process.Process
	stdout  *sink.Tally
	otlp    *sink.Tally
}

// Try makes a trial with the programs in a folder.
func Try(ctx context.Context, bin string, t Trial) (o Outcome, err error) {
	if bin, err = filepath.Abs(bin); err != nil { // programs run in folders of their own
		return o, fmt.Errorf("find %s: %w", bin, err)
	}
	dir, err := os.MkdirTemp(bin, "trial-") // on a disk, which the folder for temporary files may not be
	if err != nil {
		return o, fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := &run{Trial: t, site: site{bin: bin, dir: dir}}
	if r.server, err = apiserver.Start(apiserver.Settings{Pods: t.Pods, Size: t.Size, Plain: t.Plain}); err != nil {
		return o, err
	}
	defer r.server.Close()
	r.stdout, r.otlp = sink.NewTally(r.server.Event), sink.NewTally(r.server.Event)
	receiver, err := sink.Start(r.otlp)
	if err != nil {
		return o, err
	}
	defer receiver.Close()
	r.site.sink = receiver.Address()
	if err := r.start(); err != nil {
		return o, err
	}
	defer r.process.Stop()
	if err := r.measure(ctx, &o); err != nil {
		if ctx.Err() != nil || r.process.Err() == nil {
			return o, err
		}
		o.Failure = r.process.Err().Error()
	}
	return o, nil
}

func (r *run) start() (err error) {
	kubeconfig := filepath.Join(r.site.dir, "kubeconfig")
	if err := r.server.Kubeconfig(kubeconfig); err != nil {
		return err
	}
	if r.site.address, err = freeAddress(); err != nil {
		return err
	}
	available, err := process.Available()
	if err != nil {
		return err
	}
	c := r.Subject.command(r.site)
	c.Env = append(c.Env, "KUBECONFIG="+kubeconfig)
	c.Dir, c.Stderr = r.site.dir, filepath.Join(os.TempDir(), "bench-"+r.Subject.Name+".log")
	c.Limit = available / 10 * 7
	if r.process, err = process.Start(c); err != nil {
		return err
	}
	go r.stdout.Lines(r.process.Stdout())
	return nil
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return ln.Addr().String(), ln.Close()
}

func (r *run) measure(ctx context.Context, o *Outcome) error {
	began := time.Now()
	if err := r.rest(ctx, func() bool { return r.server.Live() > 0 }); err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	o.Synced, o.Media = time.Since(began), r.server.Accepted()
	mallocs, scrape, err := r.countMallocs()
	if err != nil {
		return err
	}
	before, err := r.process.CPU()
	if err != nil {
		return err
	}
	r.stdout.Expect(0, r.Events)
	r.otlp.Expect(0, r.Events)
	began = time.Now()
	r.server.Feed(ctx, r.Events, r.Rate)
	if r.during != nil {
		return r.during(r.site.address)
	}
	if err := r.drain(ctx); err != nil {
		return fmt.Errorf("handle events: %w", err)
	}
	after, err := r.process.CPU()
	if err != nil {
		return err
	}
	o.CPU = (after - before) / time.Duration(r.Events)
	if r.Subject.mallocs != nil {
		now, err := r.Subject.mallocs(r.site.address)
		if err != nil {
			return err
		}
		o.Mallocs = max(0, now-mallocs-scrape) / float64(r.Events)
	}
	r.judge(began, o)
	return r.readMemory(ctx, o)
}

// countMallocs also returns how many it takes to ask.
func (r *run) countMallocs() (mallocs, scrape float64, err error) {
	if r.Subject.mallocs == nil {
		return 0, 0, nil
	}
	first, err := r.Subject.mallocs(r.site.address)
	if err != nil {
		return 0, 0, err
	}
	mallocs, err = r.Subject.mallocs(r.site.address)
	return mallocs, mallocs - first, err
}

// settle is how long memory takes to be steady: garbage is collected while the
// events come, and given back by and by.
const settle = 5 * time.Second

func (r *run) readMemory(ctx context.Context, o *Outcome) error {
	if r.Memory {
		select {
		case <-time.After(settle):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m, err := r.process.Memory()
	o.Steady, o.Peak = m.Resident, m.Peak
	return err
}

// judge fills in the arrived records, with times.
func (r *run) judge(began time.Time, o *Outcome) {
	for _, tally := range r.places() {
		o.Drained = max(o.Drained, tally.State().Activity.Sub(began))
	}
	written := r.server.Written()
	if !r.Subject.Lines && !r.Subject.Sends {
		o.PerSecond = float64(r.Events) / o.Drained.Seconds()
		return
	}
	for _, place := range []struct {
		used  bool
		tally *sink.Tally
		delay *Delay
	}{{r.Subject.Lines, r.stdout, &o.Stdout}, {r.Subject.Sends, r.otlp, &o.OTLP}} {
		if !place.used {
			continue
		}
		got := place.tally.Result()
		took := delays(written, got.Arrived)
		*place.delay = Delay{Quantile(took, .5), Quantile(took, .99)}
		o.Lost = max(o.Lost, r.Events-got.Events+got.Gaps+got.Duplicates)
		if perSecond := pace(got.Arrived); o.PerSecond == 0 || perSecond < o.PerSecond {
			o.PerSecond = perSecond
		}
	}
}
