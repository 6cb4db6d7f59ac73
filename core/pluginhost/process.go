package pluginhost

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost/pinned"
)

// process is one run of a plugin's executable, for go-plugin. go-plugin's own runner gives the
// plugin the host's stdin, panics at certain lines of the plugin's log, and kills only the plugin
// but not its children.
type process struct {
	*handshake
	name   string // of the plugin
	path   string // of the executable
	cmd    *exec.Cmd
	copied *pinned.Executable // executed in its place; nil: the executable itself
	out    *output
	folder string // of its socket; go-plugin makes it

	ended   chan struct{} // closed when it has ended
	over    chan struct{} // closed when its output has been read, too
	mu      sync.Mutex
	started bool
	killed  bool
	err     error // how it ended, once over is closed
}

var (
	_ runner.Runner = (*process)(nil)
	_ body          = (*process)(nil)
)

// newProcess returns a process that is not started. go-plugin's variables are
// added to the environment of cmd before it is.
func newProcess(spec *Spec, cmd *exec.Cmd, out *output, sockets string) *process {
	return &process{
		handshake: newHandshake(sockets, !spec.PlainText),
		name:      spec.Name, path: cmd.Path, cmd: cmd, out: out, ended: make(chan struct{}), over: make(chan struct{}),
	}
}

// pin replaces the executable by a verified copy if the spec has a checksum.
func (p *process) pin(spec *Spec) error {
	sum, err := spec.checksum()
	if err != nil || len(sum) == 0 {
		return err
	}
	if p.copied, err = pinned.Copy(p.path, sum, p.sockets); err != nil {
		return err
	}
	p.cmd.Path = p.copied.Path
	return nil
}

// Start starts the process in a group of its own.
//
// On Linux the process is killed when the thread that started it ends, and so
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
	// Files: with other writers, Wait would wait until all who hold them have ended.
	p.cmd.Stdout, p.cmd.Stderr = stdoutW, stderrW
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
		p.out.readStdout(stdout, p.ended, p.handOver)
		_ = p.writer.Close()
	})
	readers.Go(func() { p.out.readStderr(stderr, p.ended) })
	go p.wait(&readers, stdout, stderr)
	return nil
}

// readAfterEnd is how long the output of a process that has ended is still read. A
// child that it has put into another group may hold its pipes open.
const readAfterEnd = 500 * time.Millisecond

// wait notes how the process ended, after its output has been read.
func (p *process) wait(readers *sync.WaitGroup, pipes ...*os.File) {
	err := p.cmd.Wait()
	close(p.ended)
	killGroup(p.cmd.Process) // its children, which may hold the pipes open
	reapGroup(p.cmd.Process)
	closePipes := func() {
		for _, pipe := range pipes {
			_ = pipe.Close() // ends reading
		}
	}
	timer := time.AfterFunc(readAfterEnd, closePipes)
	readers.Wait()
	timer.Stop()
	closePipes()
	p.removeCopy()
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	close(p.over)
}

// Wait waits until the process has ended, and returns how.
func (p *process) Wait(context.Context) error {
	<-p.over
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *process) exited() <-chan struct{} { return p.over }

// shutDown sends what go-plugin sends, but with a deadline.
func (p *process) shutDown(ctx context.Context, conn *grpc.ClientConn) bool {
	// The plugin may end before it answers.
	_ = conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	select {
	case <-p.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// Kill ends the process and its children at once. If it has not been started, it
// never will be.
func (p *process) Kill(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	select {
	case <-p.over: // another process may have its number by now
	default:
		if p.started {
			_ = p.cmd.Process.Kill() // even if it has left its group
			killGroup(p.cmd.Process)
		}
	}
	return nil
}

// removeFiles removes the remaining files if the start has failed: the folder of the socket,
// which go-plugin leaves then, and the copy of the executable.
func (p *process) removeFiles() {
	if p.folder != "" {
		_ = os.RemoveAll(p.folder)
	}
	p.removeCopy()
}

// removeCopy may be called again.
func (p *process) removeCopy() {
	if p.copied != nil {
		p.copied.Remove()
	}
}

// Stdout is where go-plugin reads the handshake.
func (p *process) Stdout() io.ReadCloser { return p.reader }

// Stderr is empty: [output] reads the log.
func (*process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name returns the plugin's name.
func (p *process) Name() string { return p.name }

// ID returns the process id, "" before the start.
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

// Diagnose returns nothing: see explain.
func (*process) Diagnose(context.Context) string { return "" }
