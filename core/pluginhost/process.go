package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// process is one run of a plugin's executable, for go-plugin. go-plugin's own
// runner gives the plugin the host's stdin, reads its log in a way that a line
// of the plugin can make panic, and kills only the plugin and not what that has
// started.
type process struct {
	name    string // of the plugin
	cmd     *exec.Cmd
	out     *output
	sockets string // folder in which it has to listen
	secure  bool   // it has to send a certificate

	handshake   *io.PipeReader // what go-plugin reads
	handshakeW  *io.PipeWriter
	greeting    atomic.Pointer[string] // the plugin's first line, which should be its handshake
	certificate atomic.Bool            // with a certificate
	exited      chan struct{}

	mu      sync.Mutex
	started bool
	killed  bool
	err     error // how it ended, once exited is closed
}

var _ runner.Runner = (*process)(nil)

// newProcess returns a process that is not started. go-plugin's variables are
// added to the environment of cmd before it is.
func newProcess(spec *Spec, cmd *exec.Cmd, env *surroundings) *process {
	p := &process{
		name: spec.Name, cmd: cmd, out: env.output, sockets: env.sockets.path, secure: !spec.PlainText, exited: make(chan struct{}),
	}
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

// handOver gives go-plugin the line with which the plugin says where it listens:
// no more of it than there has to be, since go-plugin panics by a certificate
// that it has not asked for.
func (p *process) handOver(line []byte) {
	text := string(line)
	p.greeting.Store(&text)
	fields := strings.Split(text, "|")
	certificate := len(fields) > 5 && fields[5] != ""
	p.certificate.Store(certificate)
	switch {
	case certificate && p.secure:
		fields = fields[:6]
	case len(fields) > 5:
		fields = fields[:5]
	}
	_, _ = io.WriteString(p.handshakeW, strings.Join(fields, "|")+"\n") // fails where nobody waits for it any more
}

// lastWords is how long what a process has printed is still read when it has
// ended. A child that it has put into another group may hold its pipes open.
const lastWords = 500 * time.Millisecond

// wait notes how the process ended, once all that it printed is read.
func (p *process) wait(readers *sync.WaitGroup, pipes ...*os.File) {
	err := p.cmd.Wait()
	killGroup(p.cmd.Process) // what it has started, which may hold the pipes open
	reapGroup(p.cmd.Process)
	closePipes := func() {
		for _, pipe := range pipes {
			_ = pipe.Close() // ends reading
		}
	}
	timer := time.AfterFunc(lastWords, closePipes)
	readers.Wait()
	timer.Stop()
	closePipes()
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

// Kill ends the process and all that it has started, at once. One that is not
// started never will be.
func (p *process) Kill(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	select {
	case <-p.exited: // its numbers may be another's by now
	default:
		if p.started {
			_ = p.cmd.Process.Kill() // also where it has left its group
			killGroup(p.cmd.Process)
		}
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

// PluginToHost checks where a plugin wants to be spoken to.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	switch network {
	case "unix":
		if strings.HasPrefix(filepath.Clean(address), p.sockets+string(filepath.Separator)) {
			return network, address, nil
		}
	case "tcp":
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsLoopback() {
			return network, address, nil
		}
	}
	return "", "", fmt.Errorf("it listens on %s %.100q, which is neither a socket in PLUGIN_UNIX_SOCKET_DIR nor a loopback address", oneLine(network), address)
}

// HostToPlugin returns the address as it is.
func (*process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
