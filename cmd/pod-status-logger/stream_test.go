package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
)

const (
	streamPods    = 50
	streamRate    = 2000 // records a second
	streamTimeout = 300 * time.Millisecond
)

// stream is a run of the program with a faulty plugin, and a server whose pods change
// continuously.
type stream struct {
	t         *testing.T
	behaviour string
	server    *apiscript.Server
	address   string
	stdout    *bufio.Reader
	stderr    string // file
	program   *exec.Cmd
	changed   map[string]time.Time // when, by resourceVersion
}

// line is a record on stdout, and when it was read.
type line struct {
	Seq             int
	ResourceVersion string `json:"resource_version"`
	Enrichment      string
	read            time.Time
}

func newStream(t *testing.T, behaviour string) *stream {
	t.Helper()
	s := &stream{
		t: t, behaviour: behaviour, server: apiServer(t), address: freeport.Address(t), changed: map[string]time.Time{},
	}
	for i := range streamPods {
		s.server.Create(somePod("shop", fmt.Sprintf("web-%d", i)))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`{apiVersion: podstatus/v1alpha1, kind: Config, watch: {initial: none}, plugins: [
		{name: %s, command: %q, args: [%s], timeout: %v, maxMemory: 128Mi}]}`,
		faulty.Name, self, strings.Join(faulty.Args(behaviour), ", "), streamTimeout)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.stderr = filepath.Join(t.TempDir(), "stderr")
	log, err := os.Create(s.stderr)
	if err != nil {
		t.Fatal(err)
	}
	s.program = exec.Command(self, "--kubeconfig", kubeconfig(t, s.server), "--config", config, "--listen", s.address)
	s.program.Args[0], s.program.Stderr = "pod-status-logger", log
	stdout, err := s.program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stdout = bufio.NewReader(stdout)
	if err := s.program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.program.Process.Kill() })
	awaitReady(t, s.address)
	return s
}

// play makes changes at the rate of the stream, and returns their records.
func (s *stream) play(changes int) (lines []line) {
	s.t.Helper()
	const burst = 10
	last := make(chan struct{})
	stamps := make(chan map[string]time.Time, 1)
	go func() {
		defer close(last)
		at := make(map[string]time.Time, changes)
		tick := time.NewTicker(burst * time.Second / streamRate)
		defer tick.Stop()
		for i := range changes {
			if i%burst == 0 {
				<-tick.C
			}
			now := time.Now()
			pod := s.server.Update("shop", fmt.Sprintf("web-%d", i%streamPods),
				func(p *corev1.Pod) { p.Status.Message = strconv.Itoa(i) })
			at[pod.ResourceVersion] = now
		}
		stamps <- at
	}()
	for range changes {
		text, err := s.stdout.ReadBytes('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		l := line{read: time.Now()}
		if err := json.Unmarshal(text, &l); err != nil {
			s.t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, l)
	}
	<-last
	s.changed = <-stamps
	return lines
}

// checkComplete: each change has one record, in order, without missing seqs. end checks
// that there are no others.
func (s *stream) checkComplete(lines []line) {
	s.t.Helper()
	before := 0
	for i, l := range lines {
		version, err := strconv.Atoi(l.ResourceVersion)
		if _, made := s.changed[l.ResourceVersion]; !made || err != nil || version <= before || l.Seq != i+1 {
			s.t.Fatalf("line %d has seq %d and version %s, after version %d", i+1, l.Seq, l.ResourceVersion, before)
		}
		before = version
	}
}

// end stops the program and returns its log.
func (s *stream) end() (stderr string) {
	s.t.Helper()
	plugins := childrenOf(s.program.Process.Pid)
	if err := s.program.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if rest, err := io.ReadAll(s.stdout); err != nil || len(rest) > 0 {
		s.t.Errorf("there are more records: %.1000s, error %v", rest, err)
	}
	if err := s.program.Wait(); err != nil {
		s.t.Error(err)
	}
	for _, pid := range plugins {
		if alive(pid) {
			s.t.Errorf("process %d is left", pid)
		}
	}
	b, err := os.ReadFile(s.stderr)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// metric returns the value of a series.
func (s *stream) metric(series string) float64 {
	s.t.Helper()
	_, page := get(s.address, "/metrics")
	return metricIn(s.t, page, series)
}

// signalEverySecond sends the plugin's process a signal every second, until the
// test ends.
func (s *stream) signalEverySecond(signal syscall.Signal) {
	tick := time.NewTicker(time.Second)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				for _, pid := range childrenOf(s.program.Process.Pid) {
					_ = syscall.Kill(pid, signal)
				}
			}
		}
	}()
	s.t.Cleanup(func() { tick.Stop(); close(done) })
}
