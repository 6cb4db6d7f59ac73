package process

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestParseMemory(t *testing.T) {
	got, err := parseMemory("Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t   31240 kB\nVmRSS:\t   30100 kB\nRssAnon:\t 1 kB\n")
	if want := (Memory{Resident: 30100 << 10, Peak: 31240 << 10}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for name, status := range map[string]string{
		"of a zombie": "Name:\tx\nState:\tZ\n", "no number": "\nVmHWM:\tx kB\nVmRSS:\t1 kB\n",
	} {
		if got, err := parseMemory(status); err == nil {
			t.Errorf("%s: got %+v without an error", name, got)
		}
	}
}

func TestParseAvailable(t *testing.T) {
	got, err := parseAvailable("MemTotal:       24684304 kB\nMemFree: 1 kB\nMemAvailable:   23000000 kB\n")
	if err != nil || got != 23000000<<10 {
		t.Errorf("got %d, %v", got, err)
	}
	if _, err := parseAvailable("MemTotal: 1 kB\n"); err == nil {
		t.Error("no error without MemAvailable")
	}
}

// TestCPU compares the CPU clock of this process, read as that of another one
// is, with the time that it has kept itself busy.
func TestCPU(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const busy = 50 * time.Millisecond
	for after := before; after-before < busy; {
		began := time.Now()
		for time.Since(began) < time.Millisecond {
		}
		if after, err = CPU(os.Getpid()); err != nil {
			t.Fatal(err)
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the clock stands still")
		}
	}
}

// patience is for busy machines.
const patience = 3 * time.Minute

func TestProcess(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		limit  int64
		ready  func(p *Process) bool
	}{
		"with a child": {"sleep 100 & wait", 0, func(p *Process) bool { return len(Tree(p.Pid())) == 2 }},
		"that ends":    {"exit 3", 0, func(p *Process) bool { return p.Err() != nil }},
		"within its limit": {
			"sleep 100", 1 << 30, func(p *Process) bool { m, err := p.Memory(); return err == nil && m.Resident > 0 },
		},
		"that takes too much": {"sleep 100", 1 << 10, func(p *Process) bool { return errors.Is(p.Err(), ErrMemory) }},
	} {
		t.Run(name, func(t *testing.T) {
			sh, err := exec.LookPath("sh")
			if err != nil {
				t.Fatal(err)
			}
			p, err := Start(Command{
				Path: sh, Args: []string{"-c", c.script}, Stderr: filepath.Join(t.TempDir(), "log"), Limit: c.limit,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stop()
			begun, tick := time.Now(), time.Tick(time.Millisecond)
			for ; !c.ready(p); <-tick {
				if time.Since(begun) > patience {
					t.Fatalf("not within %v", patience)
				}
			}
		})
	}
}
