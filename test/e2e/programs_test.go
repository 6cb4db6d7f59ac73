//go:build e2e

package e2e

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// collector is a real Collector, which keeps what it gets in a file.
type collector struct {
	*process
	address, file string
}

func startCollector(t *testing.T, dir string) *collector {
	t.Helper()
	c := &collector{address: freeAddress(t), file: filepath.Join(dir, "received.jsonl")}
	c.process = startProcess(t, dir, "collector", []string{
		"PODSTATUS_OTLP_GRPC=" + c.address, "PODSTATUS_OTLP_HTTP=" + freeAddress(t), "PODSTATUS_FILE=" + c.file, "PODSTATUS_HEALTH=" + freeAddress(t),
		"PODSTATUS_STORAGE=" + filepath.Join(dir, "collector"), "PODSTATUS_STDOUT_FILES=" + filepath.Join(dir, "none"),
	}, collectorProgram, "--config", collectorConfig, "--config", intoFile)
	return c
}

func (c *collector) received() []object { return collected(c.t, read(c.t, c.file)) }

// logger is the program under test, with the plugins that it has by default.
type logger struct {
	*process
	listen string
}

// startLogger starts the program and waits until it is ready. It sends to the
// Collector, if there is one.
func startLogger(t *testing.T, dir, kubeconfig string, to *collector) *logger {
	t.Helper()
	var env []string
	if to != nil {
		env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + to.address, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}
	}
	l := &logger{listen: freeAddress(t)}
	l.process = startProcess(t, dir, "logger", env, loggerProgram, "--kubeconfig", kubeconfig, "--listen", l.listen, "--cluster-name", "e2e")
	eventually(t, "the logger is ready", l.ready)
	return l
}

func (l *logger) ready() bool {
	response, err := http.Get("http://" + l.listen + "/readyz")
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode == http.StatusOK
}

// awaitPods waits until something is told of every pod.
func (l *logger) awaitPods(all []change) {
	l.t.Helper()
	eventually(l.t, "every pod is told of", func() bool {
		out := read(l.t, l.stdout)
		return !slices.ContainsFunc(all, func(c change) bool { return !strings.Contains(out, text(c.Pod, "metadata", "uid")) })
	})
}

// awaitTold waits until the last change, a deletion, is on stdout.
func (l *logger) awaitTold(all []change) {
	l.t.Helper()
	last := `"resource_version":"` + all[len(all)-1].ResourceVersion + `"`
	eventually(l.t, "the last change is told", func() bool { return strings.Contains(read(l.t, l.stdout), last) })
	if !l.ready() {
		l.t.Error("the logger is not ready in the end")
	}
}

// metric reads one of the program's metrics, named with its labels.
func (l *logger) metric(name string) float64 {
	l.t.Helper()
	response, err := http.Get("http://" + l.listen + "/metrics")
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				l.t.Fatal(err)
			}
			return f
		}
	}
	l.t.Fatalf("there is no metric %s", name)
	return 0
}

// warnings are the messages of the program's log that are more than information.
func (l *logger) warnings() (all []string) {
	l.t.Helper()
	for line := range strings.Lines(read(l.t, l.stderr)) {
		var entry struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			l.t.Fatalf("log: %v: %s", err, line)
		}
		if entry.Level == "WARN" || entry.Level == "ERROR" {
			all = append(all, entry.Msg)
		}
	}
	return all
}

func (l *logger) resources() string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.cmd.Process.Pid))
	if err != nil {
		return err.Error()
	}
	var found []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmHWM") || strings.HasPrefix(line, "VmRSS") {
			found = append(found, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(found, ", ")
}

// history reads from etcd all that has happened to pods.
func (c *cluster) history() []change {
	c.t.Helper()
	all := changes(c.t, c.run("history"))
	if !slices.IsSortedFunc(all, func(a, b change) int { return cmp.Compare(a.revision, b.revision) }) {
		c.t.Fatal("the history is not in order")
	}
	return all
}
