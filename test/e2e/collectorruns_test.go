//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// receiver is the Collector over many runs, each with a file of its own.
type receiver struct {
	t       *testing.T
	dir     string
	address string
	env     []string
	files   []string
	cmd     *exec.Cmd
	done    chan error
}

func newReceiver(t *testing.T, dir string) *receiver {
	t.Helper()
	r := &receiver{t: t, dir: dir, address: freeAddress(t)}
	r.env = append(os.Environ(), "PODSTATUS_OTLP_GRPC="+r.address, "PODSTATUS_OTLP_HTTP="+freeAddress(t), "PODSTATUS_HEALTH="+freeAddress(t),
		"PODSTATUS_STORAGE="+filepath.Join(dir, "collector"), "PODSTATUS_STDOUT_FILES="+filepath.Join(dir, "none"))
	t.Cleanup(func() {
		if r.cmd != nil {
			_ = r.cmd.Process.Kill()
		}
	})
	return r
}

// start returns when the Collector listens.
func (r *receiver) start() error {
	name := filepath.Join(r.dir, fmt.Sprintf("collector-%03d", len(r.files)))
	log, err := os.Create(name + ".stderr")
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	r.files = append(r.files, name+".jsonl")
	cmd := exec.Command(collectorProgram, "--config", collectorConfig, "--config", intoFile)
	cmd.Env, cmd.Stdout, cmd.Stderr = slices.Concat(r.env, []string{"PODSTATUS_FILE=" + name + ".jsonl"}), log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start collector: %w", err)
	}
	done := make(chan error, 1)
	r.cmd, r.done = cmd, done
	go func() { done <- cmd.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", r.address); err == nil {
			return c.Close()
		}
	}
	return fmt.Errorf("start collector: it does not listen; see %s.stderr", name)
}

func (r *receiver) kill() error {
	if err := r.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill collector: %w", err)
	}
	<-r.done
	return nil
}

func (r *receiver) stop() error {
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop collector: %w", err)
	}
	select {
	case err := <-r.done:
		return err
	case <-time.After(time.Minute):
		return errors.New("stop collector: it does not end")
	}
}

// received reads what all runs got. The last line of one that was killed may be
// torn: that was never acknowledged.
func (r *receiver) received() (all []object) {
	for _, file := range r.files {
		if _, err := os.Stat(file); os.IsNotExist(err) {
			continue // killed before anything came
		}
		text := read(r.t, file)
		whole, torn := text, ""
		if end := strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n') + 1; !json.Valid([]byte(text[end:])) {
			whole, torn = text[:end], text[end:]
		}
		if torn != "" && strings.HasSuffix(torn, "\n") {
			r.t.Errorf("%s ends with a line that is whole and not JSON: %s", file, torn)
		}
		all = append(all, collected(r.t, whole)...)
	}
	return all
}

// has tells whether the end of what was received names a resourceVersion.
func (r *receiver) has(version string) bool {
	file := r.files[len(r.files)-1]
	if _, err := os.Stat(file); err != nil {
		return false
	}
	return strings.Contains(tail(r.t, file), `"`+version+`"`)
}
