//go:build loghouse

package loghouse

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// The program, as the Makefile builds it.
const loggerProgram = "../../bin/pod-status-logger"

// run is one run of the program in a container.
type run struct {
	pod            string // that it runs in
	stdout, stderr []byte
}

func runProgram(t *testing.T, pod, stdin string, status int, args ...string) run {
	t.Helper()
	cmd := exec.Command(loggerProgram, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Fatalf("pod-status-logger %s: %v, want status %d\n%s", strings.Join(args, " "), err, status, stderr.String())
	}
	return run{pod: pod, stdout: stdout.Bytes(), stderr: stderr.Bytes()}
}

func (r run) lines() []string {
	return slices.Collect(strings.Lines(string(r.stdout)))
}

// rows returns the rows that loghouse's fluentd creates from the container's log.
func (r run) rows(t *testing.T, c *container) (rows []row) {
	t.Helper()
	about := metadata{
		Namespace: "monitoring", Pod: r.pod, Container: "pod-status-logger", Host: "node-1",
		LabelNames: []string{"app.kubernetes.io/name", "component"}, LabelValues: []string{"pod-status-logger", "logger"},
	}
	// The runtime merges the streams in order of arrival.
	for _, line := range append(c.docker("stderr", r.stderr), c.docker("stdout", r.stdout)...) {
		e, ok := tail(line)
		if !ok {
			t.Fatalf("fluentd can't read %s", line)
		}
		made, err := modify(e, about)
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		rows = append(rows, made)
	}
	return rows
}

func demo(t *testing.T) run {
	t.Helper()
	return runProgram(t, "demo-0", "", 0, "demo", "--pace=1ms")
}

func seed(t *testing.T) run {
	t.Helper()
	return runProgram(t, "seed-0", "", 0, "replay", "../../cmd/pod-status-logger/testdata/seed.jsonl")
}

// nasty contains values from pods, images and users that could break a line.
func nasty(t *testing.T) run {
	t.Helper()
	labels := map[string]string{
		"pod": "liar", "namespace": "liar", "state": "liar", "seq": "7", "ready": "no", "time": "liar", "bundle.id": "liar",
		"label.pod": "liar",
		"host":      "label-host", "source": "label-source", "stream": "stderr", "pod_name": "label-pod",
		"container_name": "label-container",
		"log":            "label-log", "timestamp": "0", "empty": "", "example.com/part": "a.b_c-d", "Ünï": "côdé 日本 😀",
	}
	terminated := func(code int, reason, message string, restarts int) object {
		return object{
			"name": "c", "image": "example.com/c:1", "restartCount": restarts, "ready": false,
			"state": object{"terminated": object{
				"exitCode": code, "signal": 9, "reason": reason, "message": message,
				"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z",
			}},
		}
	}
	states := []object{
		terminated(137, "OOMKilled", "\x00\x01\x1b[31m<b>&\u2028\u2029\u0085\x7f\t\r\n\"quoted\" \\ {\"a\":null}\n{}", 1),
		terminated(255, "Error", strings.Repeat("日本😀\n", 5000), 2147483647),
		terminated(1, "Error", strings.Repeat(`"\`, 9000), 3),
		terminated(-1, "Error", " {} ", 2),
	}
	var recorded strings.Builder
	event := func(kind string, version int, statuses ...object) {
		b, err := json.Marshal(object{"type": kind, "object": object{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": object{
				"name": "p", "namespace": "odd", "uid": "u", "resourceVersion": string(rune('0' + version)), "labels": labels,
			},
			"spec":   object{"containers": []object{{"name": "c", "image": "example.com/c:1"}}},
			"status": object{"phase": "Running", "containerStatuses": statuses},
		}})
		if err != nil {
			t.Fatal(err)
		}
		recorded.Write(append(b, '\n'))
	}
	event("ADDED", 1)
	for i, s := range states {
		event("MODIFIED", 2+i, s)
	}
	recorded.WriteString("this is no event\n") // which the program's own log says on stderr
	event("DELETED", 9)
	return runProgram(t, "nasty-0", recorded.String(), 1, "replay", "-")
}

// past is the clock of a container with older output. One time in ten ends in a zero.
func past() *container {
	return &container{now: time.Now().Add(-time.Hour).Truncate(time.Hour / 4), step: 1000100 * time.Nanosecond}
}
