//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// victim is the program under test over many runs, all with the same arguments
// and the same file as stdout. Whoever kills and starts it holds mu.
type victim struct {
	t       *testing.T
	ledger  *ledger
	dir     string
	args    []string
	env     []string
	listen  string
	out     *os.File
	mu      sync.Mutex
	runs    []*run
	plugins []family // of all runs
}

// run is one process of the program.
type run struct {
	cmd    *exec.Cmd
	stderr string
	done   chan struct{} // closed when it has ended, for whatever reason
	err    error
	ready  atomic.Bool
	end    int64 // length of stdout when it was killed
}

func newVictim(l *ledger, dir, kubeconfig, state, receiver string) (*victim, error) {
	out, err := os.OpenFile(filepath.Join(dir, "logger.stdout"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	v := &victim{
		t: l.t, ledger: l, dir: dir, out: out, listen: freeAddress(l.t),
		env: append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+receiver, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"),
	}
	v.args = []string{"--kubeconfig", kubeconfig, "--listen", v.listen, "--cluster-name", "e2e", "--state-dir", state}
	l.t.Cleanup(func() {
		if r := v.now(); r != nil {
			_ = r.cmd.Process.Kill()
		}
	})
	return v, nil
}

// now is the newest run.
func (v *victim) now() *run {
	if len(v.runs) == 0 {
		return nil
	}
	return v.runs[len(v.runs)-1]
}

func (v *victim) start() error {
	r := &run{stderr: filepath.Join(v.dir, fmt.Sprintf("logger-%03d.stderr", len(v.runs))), done: make(chan struct{})}
	log, err := os.Create(r.stderr)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	r.cmd = exec.Command(loggerProgram, v.args...)
	r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = v.env, v.out, log
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("start logger: %w", err)
	}
	v.runs = append(v.runs, r)
	go func() {
		r.err = r.cmd.Wait()
		close(r.done)
	}()
	go r.awaitReady("http://" + v.listen + "/readyz")
	return nil
}

// awaitReady notes whether the run ever became ready.
func (r *run) awaitReady(url string) {
	client := http.Client{Timeout: time.Second}
	for {
		select {
		case <-r.done:
			return
		case <-time.After(20 * time.Millisecond):
		}
		response, err := client.Get(url)
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			r.ready.Store(true)
			return
		}
	}
}

// kill ends the newest run with SIGKILL. That one is gone already is a failure, and
// no reason not to start the next.
func (v *victim) kill(why string) error {
	r := v.now()
	v.plugins = append(v.plugins, descendants(v.t, r.cmd.Process.Pid)...)
	if faults := v.ledger.present(); faults != "" {
		why += ", during " + faults
	}
	select {
	case <-r.done:
		r.end = v.size()
		v.ledger.failed(errors.Join(fmt.Errorf("the logger ended by itself; see %s", r.stderr), r.err))
		return nil
	default:
	}
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-r.done
	r.end = v.size()
	v.ledger.note("logger killed", "%s", why)
	return nil
}

// stop ends the newest run with SIGTERM, which must succeed.
func (v *victim) stop() error {
	r := v.now()
	v.plugins = append(v.plugins, descendants(v.t, r.cmd.Process.Pid)...)
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop logger: %w", err)
	}
	select {
	case <-r.done:
	case <-time.After(time.Minute):
		return errors.New("stop logger: it does not end")
	}
	if r.err != nil {
		return fmt.Errorf("stop logger: %w; see %s", r.err, r.stderr)
	}
	return nil
}

// size is the length of what was told.
func (v *victim) size() int64 {
	info, err := v.out.Stat()
	if err != nil {
		return -1
	}
	return info.Size()
}

// resumed counts the runs that went on from where the one before was killed,
// with the history still there, and those that found it gone.
func (v *victim) resumed() (onward, gone int) {
	for _, r := range v.runs[1:] {
		switch log := read(v.t, r.stderr); {
		case strings.Contains(log, gapBegins):
			gone++
		case r.ready.Load():
			onward++
		}
	}
	return onward, gone
}

func (v *victim) logs() string {
	var all strings.Builder
	for _, r := range v.runs {
		all.WriteString(read(v.t, r.stderr))
	}
	return all.String()
}

func (v *victim) ends() (all []int64) {
	for _, r := range v.runs {
		all = append(all, r.end)
	}
	return all
}

// tail is the end of a file.
func tail(t *testing.T, file string) string {
	t.Helper()
	const most = 256 << 10
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	size := min(info.Size(), most)
	b := make([]byte, size)
	n, _ := f.ReadAt(b, info.Size()-size) // what grows meanwhile, is read next time
	return string(b[:n])
}
