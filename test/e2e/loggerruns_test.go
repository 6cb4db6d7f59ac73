//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
)

// loggerRuns is the program under test over many runs, all with the same arguments and the
// same file as stdout. Callers that start or kill it hold mu.
type loggerRuns struct {
	t       *testing.T
	faults  *faultLog
	dir     string
	command program.Command
	listen  string
	mu      sync.Mutex
	runs    []*loggerRun
	plugins []processInfo // of all runs
}

// loggerRun is one process of the program.
type loggerRun struct {
	*program.Program
	ready atomic.Bool
	end   int64 // length of stdout when it was killed
}

func newLoggerRuns(faults *faultLog, dir, kubeconfig, state, receiver string) *loggerRuns {
	l := &loggerRuns{t: faults.t, faults: faults, dir: dir, listen: freeport.Address(faults.t)}
	l.command = program.Command{
		Path: loggerProgram, Stdout: filepath.Join(dir, "logger.stdout"),
		Args: []string{
			"--kubeconfig", kubeconfig, "--listen", l.listen, "--cluster-name", "e2e", "--state-dir", state, "--config",
			isolatedPlugin,
		},
		Env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + receiver, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"},
	}
	l.t.Cleanup(func() {
		if r := l.last(); r != nil {
			_ = r.Kill()
		}
	})
	return l
}

// last returns the newest run, nil before the first.
func (l *loggerRuns) last() *loggerRun {
	if len(l.runs) == 0 {
		return nil
	}
	return l.runs[len(l.runs)-1]
}

func (l *loggerRuns) start() error {
	c := l.command
	c.Stderr = filepath.Join(l.dir, fmt.Sprintf("logger-%03d.stderr", len(l.runs)))
	p, err := c.Start()
	if err != nil {
		return err
	}
	r := &loggerRun{Program: p}
	l.runs = append(l.runs, r)
	go r.awaitReady(l.t, "http://"+l.listen+"/readyz")
	return nil
}

// awaitReady notes whether the run ever becomes ready.
func (r *loggerRun) awaitReady(t *testing.T, url string) {
	for {
		select {
		case <-r.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
		if _, err := program.Get(t, url); err == nil {
			r.ready.Store(true)
			return
		}
	}
}

// kill ends the newest run with SIGKILL. If the run has ended by itself, that is a failure
// of the test, but the next run may start.
func (l *loggerRuns) kill(why string) error {
	r := l.last()
	l.plugins = append(l.plugins, descendants(l.t, r.PID())...)
	if faults := l.faults.present(); faults != "" {
		why += ", during " + faults
	}
	select {
	case <-r.Done():
		r.end = l.size()
		l.faults.failed(fmt.Errorf("the logger ended by itself, %w; see %s", r.Wait(), r.Stderr))
		return nil
	default:
	}
	if err := r.Kill(); err != nil {
		return err
	}
	r.end = l.size()
	l.faults.note("logger killed", "%s", why)
	return nil
}

// stop ends the newest run with SIGTERM, which must succeed.
func (l *loggerRuns) stop() error {
	r := l.last()
	l.plugins = append(l.plugins, descendants(l.t, r.PID())...)
	if err := r.Stop(); err != nil {
		return fmt.Errorf("%w; see %s", err, r.Stderr)
	}
	return nil
}

// size returns the length of stdout.
func (l *loggerRuns) size() int64 {
	info, err := os.Stat(l.command.Stdout)
	if err != nil {
		return -1
	}
	return info.Size()
}

// resumed counts the runs that resumed with the history still there, and those that found
// it gone.
func (l *loggerRuns) resumed() (withHistory, without int) {
	for _, r := range l.runs[1:] {
		switch log := r.Log(l.t); {
		case strings.Contains(log, gapBegins):
			without++
		case r.ready.Load():
			withHistory++
		}
	}
	return withHistory, without
}

// log returns the logs of all runs.
func (l *loggerRuns) log() string {
	var all strings.Builder
	for _, r := range l.runs {
		all.WriteString(r.Log(l.t))
	}
	return all.String()
}

// ends returns the lengths of stdout when runs were killed.
func (l *loggerRuns) ends() (all []int64) {
	for _, r := range l.runs {
		all = append(all, r.end)
	}
	return all
}
