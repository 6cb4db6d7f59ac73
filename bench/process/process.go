package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Command is what to run.
type Command struct {
	Path   string
	Args   []string
	Env    []string // the environment, except PATH and HOME
	Dir    string   // where it runs
	Stderr string   // the file where it goes
	// Limit is the memory with which a process is killed, so that the machine
	// isn't.
	Limit int64
}

// Process is one that runs. Use [Start].
type Process struct {
	cmd     *exec.Cmd
	stdout  *os.File
	stderr  *os.File
	stopped chan struct{}
	limit   int64

	mu     sync.Mutex
	killed bool // for its memory
}

// Start runs a command until Stop.
func Start(c Command) (*Process, error) {
	stderr, err := os.Create(c.Stderr)
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	defer func() { _ = write.Close() }() // the process has its own
	p := &Process{
		cmd: exec.Command(c.Path, c.Args...), stdout: read, stderr: stderr,
		stopped: make(chan struct{}), limit: c.Limit,
	}
	p.cmd.Dir = c.Dir
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir}, c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = write, stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		_ = p.cmd.Wait() // Stop kills it
		close(p.stopped)
	}()
	go p.guard()
	return p, nil
}

// Stdout is what the process writes.
func (p *Process) Stdout() io.Reader { return p.stdout }

// Pid is its process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// ErrMemory is why a process ended that took more memory than allowed.
var ErrMemory = errors.New("too much memory")

// Err returns the reason for the end of the process; nil: it runs.
func (p *Process) Err() error {
	select {
	case <-p.stopped:
	default:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return fmt.Errorf("%w: more than %d MB", ErrMemory, p.limit>>20)
	}
	return fmt.Errorf("%s: see %s", p.cmd.ProcessState, p.stderr.Name())
}

// CPU returns the CPU time of the process and those that it has started.
func (p *Process) CPU() (sum time.Duration, err error) {
	for _, pid := range Tree(p.Pid()) {
		used, err := CPU(pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// Memory returns that of the process and those that it has started.
func (p *Process) Memory() (sum Memory, err error) {
	for _, pid := range Tree(p.Pid()) {
		m, err := ReadMemory(pid)
		if err != nil {
			return sum, err
		}
		sum.Resident += m.Resident
		sum.Peak += m.Peak
	}
	return sum, nil
}

// guard kills the process where it takes too much memory.
func (p *Process) guard() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stopped:
			return
		case <-tick.C:
		}
		if m, err := ReadMemory(p.Pid()); err == nil && p.limit > 0 && m.Resident > p.limit {
			p.mu.Lock()
			p.killed = true
			p.mu.Unlock()
			p.kill()
			return
		}
	}
}

func (p *Process) kill() { _ = syscall.Kill(-p.Pid(), syscall.SIGKILL) } // it may be gone

// Stop ends the process, and those that it has started.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	select {
	case <-p.stopped:
	case <-time.After(5 * time.Second):
	}
	p.kill()
	<-p.stopped
	_ = p.stdout.Close()
	_ = p.stderr.Close()
}
