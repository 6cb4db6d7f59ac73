//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// collectorRuns is the Collector over many runs, each with a file of its own.
type collectorRuns struct {
	t       *testing.T
	dir     string
	address string
	command program.Command
	files   []string
	last    *program.Program
}

func newCollectorRuns(t *testing.T, dir string) *collectorRuns {
	t.Helper()
	c := &collectorRuns{t: t, dir: dir, address: freeport.Address(t)}
	c.command = collectorCommand(dir, c.address, freeport.Address(t), freeport.Address(t))
	t.Cleanup(func() {
		if c.last != nil {
			_ = c.last.Kill()
		}
	})
	return c
}

// start returns when the Collector listens.
func (c *collectorRuns) start() error {
	name := filepath.Join(c.dir, fmt.Sprintf("collector-%03d", len(c.files)))
	c.files = append(c.files, name+".jsonl")
	command := c.command
	command.Env = append(slices.Clip(command.Env), "PODSTATUS_FILE="+name+".jsonl")
	command.Stderr = name + ".stderr"
	p, err := command.Start()
	if err != nil {
		return err
	}
	c.last = p
	for end := time.Now().Add(wait.Patience); time.Now().Before(end); pause(p.Done(), 20*time.Millisecond) {
		if conn, err := net.Dial("tcp", c.address); err == nil {
			return conn.Close()
		}
	}
	return fmt.Errorf("the Collector does not listen; see %s", command.Stderr)
}

func (c *collectorRuns) kill() error { return c.last.Kill() }

func (c *collectorRuns) stop() error { return c.last.Stop() }

// received returns the records of all runs. The last line of a killed run may be torn;
// its records were not acknowledged.
func (c *collectorRuns) received() (all []object) {
	for _, file := range c.files {
		if _, err := os.Stat(file); os.IsNotExist(err) {
			continue // the run was killed before a record arrived
		}
		text := read(c.t, file)
		whole, torn := text, ""
		if end := strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n') + 1; !json.Valid([]byte(text[end:])) {
			whole, torn = text[:end], text[end:]
		}
		if torn != "" && strings.HasSuffix(torn, "\n") {
			c.t.Errorf("%s ends with a whole line that is not JSON: %s", file, torn)
		}
		all = append(all, collected(c.t, whole)...)
	}
	return all
}

// has reports whether the end of the received records contains a resourceVersion.
func (c *collectorRuns) has(version string) bool {
	file := c.files[len(c.files)-1]
	if _, err := os.Stat(file); err != nil {
		return false
	}
	return strings.Contains(fileEnd(c.t, file), `"`+version+`"`)
}
