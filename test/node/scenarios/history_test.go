//go:build node

package scenarios

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// change is one write of a pod to etcd.
type change struct {
	Type            string `json:"type"`
	ResourceVersion string `json:"resource_version"`
	Pod             object `json:"pod"`
	// records are those that the oracle derives from the change.
	records  []object
	revision int64
}

// history reads from etcd every change of every pod, as it happens.
type history struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer

	mu      sync.Mutex
	news    chan struct{} // closed and replaced when there is more
	oracle  *oracle
	changes []change
	seen    int64 // all up to this revision has been read
	err     error
}

// follow starts to read the history.
func (n node) follow(t *testing.T) *history {
	t.Helper()
	h := &history{news: make(chan struct{}), oracle: newOracle()}
	h.cmd = n.Enter(nodetest.ClusterProgram, "history", "--follow", "--dir", n.Dir)
	h.cmd.Stderr = &h.stderr
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.fail(h.read(stdout))
	}()
	t.Cleanup(func() {
		_ = h.cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		_ = h.cmd.Wait()
	})
	return h
}

func (h *history) read(stdout io.Reader) error {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("history ended: %w\n%s", err, h.stderr.String())
		}
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("history: %w: %s", err, line)
		}
		if c.revision, err = strconv.ParseInt(c.ResourceVersion, 10, 64); err != nil {
			return fmt.Errorf("history: %w: %s", err, line)
		}
		h.add(c)
	}
}

func (h *history) add(c change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = c.revision
	if c.Type != "BOOKMARK" {
		delete(at(c.Pod, "metadata"), "managedFields")
		c.records = h.oracle.records(c)
		h.changes = append(h.changes, c)
	}
	h.wake()
}

func (h *history) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
	h.wake()
}

// wake wakes all that wait.
func (h *history) wake() {
	close(h.news)
	h.news = make(chan struct{})
}

// await waits until the history meets a condition, and returns an error if it does
// not before ctx ends. The condition is called with the lock held.
func (h *history) await(ctx context.Context, condition func() bool) error {
	for {
		h.mu.Lock()
		met, news, err := condition(), h.news, h.err
		h.mu.Unlock()
		if met || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

// sync waits until all that is in etcd now has been read, and returns the revision.
func (h *history) sync(t *testing.T, n node) int64 {
	t.Helper()
	// Any write will do: its revision is later than all that came before.
	o := n.post(t, "/api/v1/namespaces/default/configmaps", object{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"generateName": "mark-"},
	})
	revision, err := strconv.ParseInt(text(o, "metadata", "resourceVersion"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	defer cancel()
	if err := h.await(ctx, func() bool { return h.seen >= revision }); err != nil {
		t.Fatalf("wait for revision %d: %v", revision, err)
	}
	return revision
}

// of returns the changes of a namespace's pods whose names match the pattern, up to
// a revision; 0 is all. The lock has to be held.
func (h *history) of(ns, pattern string, upTo int64) (some []change) {
	for _, c := range h.changes {
		if upTo > 0 && c.revision > upTo {
			break
		}
		p := pod{c.Pod}
		if match, _ := path.Match(pattern, p.name()); match && p.namespace() == ns {
			some = append(some, c)
		}
	}
	return some
}
