package pluginhost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-plugin/runner"
)

// process is one run of a plugin's executable, for go-plugin. go-plugin's own
// runner gives the plugin the host's stdin, reads its log in a way that a line
// of the plugin can make panic, and kills only the plugin and not what that has
// started.
type process struct {
	name string // of the plugin
	cmd  *exec.Cmd
	out  *output

	handshake   *io.PipeReader // what go-plugin reads
	handshakeW  *io.PipeWriter
	spoke       atomic.Bool // the plugin has sent its handshake
	certificate atomic.Bool // with a certificate
	exited      chan struct{}

	mu      sync.Mutex
	started bool
	killed  bool
	err     error // how it ended, once exited is closed
}

var _ runner.Runner = (*process)(nil)

// newProcess returns a process that is not started. go-plugin's variables are
// added to the environment of cmd before it is.
func newProcess(name string, cmd *exec.Cmd, out *output) *process {
	p := &process{name: name, cmd: cmd, out: out, exited: make(chan struct{})}
	p.handshake, p.handshakeW = io.Pipe()
	return p
}

// Start starts the process in a group of its own.
//
// On Linux the process is killed when the thread that starts it ends, and so
// with the host: the caller has to be locked to its thread.
func (p *process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return errors.New("killed before it was started")
	}
	stdout, stdoutW, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, stderrW, err := os.Pipe()
	if err != nil {
		_, _ = stdout.Close(), stdoutW.Close()
		return err
	}
	p.cmd.Stdout, p.cmd.Stderr = stdoutW, stderrW // with files, Wait waits for nobody who holds them open
	p.cmd.SysProcAttr = attributes()
	err = p.cmd.Start()
	_, _ = stdoutW.Close(), stderrW.Close()
	if err != nil {
		_, _ = stdout.Close(), stderr.Close()
		return err
	}
	p.started = true
	var readers sync.WaitGroup
	readers.Go(func() {
		p.out.readStdout(stdout, p.handOver)
		_ = p.handshakeW.Close()
	})
	readers.Go(func() { p.out.readStderr(stderr) })
	go p.wait(&readers, stdout, stderr)
	return nil
}

// handOver gives go-plugin the line with which the plugin says where it listens.
func (p *process) handOver(line []byte) {
	p.spoke.Store(true)
	fields := bytes.Split(line, []byte("|"))
	p.certificate.Store(len(fields) > 5 && len(fields[5]) > 0)
	_, _ = p.handshakeW.Write(append(line, '\n')) // fails where nobody waits for it any more
}

// wait notes how the process ended, once all that it printed is read.
func (p *process) wait(readers *sync.WaitGroup, pipes ...*os.File) {
	err := p.cmd.Wait()
	killGroup(p.cmd.Process) // what it has started, which may hold the pipes open
	reapGroup(p.cmd.Process)
	readers.Wait()
	for _, pipe := range pipes {
		_ = pipe.Close()
	}
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	close(p.exited)
}

// Wait waits until the process has ended.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return p.ended()
}

// ended tells how a process ended that has.
func (p *process) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Kill ends the process and all that it has started, at once. One that is not started never will be.
func (p *process) Kill(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.started {
		killGroup(p.cmd.Process)
	}
	return nil
}

// Stdout is what go-plugin reads the handshake from.
func (p *process) Stdout() io.ReadCloser { return p.handshake }

// Stderr is empty: the log is read by [output].
func (*process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name is the plugin's.
func (p *process) Name() string { return p.name }

// ID is the process id, "" before the start.
func (p *process) ID() string {
	if pid := p.pid(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// pid returns the process id, 0 before the start.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		return 0
	}
	return p.cmd.Process.Pid
}

// Diagnose has nothing to add to what [instance] tells.
func (*process) Diagnose(context.Context) string { return "" }

// PluginToHost returns the address as it is: both live in the same world.
func (*process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin returns the address as it is.
func (*process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
