//go:build e2e

package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// The programs that the Makefile builds, and their input files.
const (
	collectorProgram = "../collector/bin/otelcol"
	loggerProgram    = "../../bin/pod-status-logger"
	collectorConfig  = "../../otel-collector.yaml"
	intoFile         = "testdata/collector-file.yaml" // writes received records to a file
	isolatedPlugin   = "testdata/isolated.yaml"       // runs the built-in plugin as a process
	bundlesPage      = "../../docs/bundles.md"
)

// collector is a real Collector that writes received records to a file.
type collector struct {
	*program.Program
	t             *testing.T
	address, file string
}

func startCollector(t *testing.T, dir string) *collector {
	t.Helper()
	c := &collector{t: t, address: freeport.Address(t), file: filepath.Join(dir, "received.jsonl")}
	health := freeport.Address(t)
	command := collectorCommand(dir, c.address, freeport.Address(t), health)
	command.Env = append(command.Env, "PODSTATUS_FILE="+c.file)
	c.Program = program.Start(t, command)
	c.AwaitOK(t, "http://"+health)
	return c
}

// collectorCommand returns the command of a Collector with addresses for gRPC, HTTP and
// health checks. The caller adds the file for records, PODSTATUS_FILE.
func collectorCommand(dir, grpc, http, health string) program.Command {
	return program.Command{
		Path: collectorProgram, Args: []string{"--config", collectorConfig, "--config", intoFile},
		Env: []string{
			"PODSTATUS_OTLP_GRPC=" + grpc, "PODSTATUS_OTLP_HTTP=" + http, "PODSTATUS_HEALTH=" + health,
			"PODSTATUS_STORAGE=" + filepath.Join(dir, "collector"), "PODSTATUS_STDOUT_FILES=" + filepath.Join(dir, "none"),
		},
	}
}

// received returns the records that the Collector has received.
func (c *collector) received() []object { return collected(c.t, read(c.t, c.file)) }

// logger is the program under test, with its default plugins.
type logger struct {
	*program.Program
	t      *testing.T
	listen string
}

// startLogger starts the program with further arguments and waits until it is ready. It sends
// to the Collector unless that is nil.
func startLogger(t *testing.T, kubeconfig string, to *collector, args ...string) *logger {
	t.Helper()
	l := &logger{t: t, listen: freeport.Address(t)}
	command := program.Command{
		Path: loggerProgram, Args: append(args, "--kubeconfig", kubeconfig, "--listen", l.listen, "--cluster-name", "e2e"),
	}
	if to != nil {
		command.Env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + to.address, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}
	}
	l.Program = program.Start(t, command)
	l.AwaitOK(t, l.url("/readyz"))
	return l
}

func (l *logger) url(path string) string { return "http://" + l.listen + path }

// awaitPods waits until every pod of the changes is on stdout.
func (l *logger) awaitPods(all []change) {
	l.t.Helper()
	wait.Until(l.t, "every pod is on stdout", func() bool {
		out := l.Output(l.t)
		return !slices.ContainsFunc(all,
			func(c change) bool { return !strings.Contains(out, text(c.Pod, "metadata", "uid")) })
	})
}

// awaitLast waits until the last change, a deletion, is on stdout.
func (l *logger) awaitLast(all []change) {
	l.t.Helper()
	last := `"resource_version":"` + all[len(all)-1].ResourceVersion + `"`
	wait.Until(l.t, "the last change is on stdout", func() bool { return strings.Contains(l.Output(l.t), last) })
	if _, err := program.Get(l.t, l.url("/readyz")); err != nil {
		l.t.Errorf("the logger is not ready in the end: %v", err)
	}
}

// metric returns a metric of the program, named with its labels.
func (l *logger) metric(name string) float64 {
	l.t.Helper()
	metrics, err := program.Get(l.t, l.url("/metrics"))
	if err != nil {
		l.t.Fatal(err)
	}
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				l.t.Fatal(err)
			}
			return f
		}
	}
	l.t.Fatalf("there is no metric %s", name)
	return 0
}

// warnings returns the messages of the program's log from level WARN on.
func (l *logger) warnings() (all []string) {
	l.t.Helper()
	for line := range strings.Lines(l.Log(l.t)) {
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

// memory returns the lines about memory in the status of the process.
func (l *logger) memory() string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.PID()))
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

// stop stops a program, which must end with status 0.
func stop(t *testing.T, p *program.Program) {
	t.Helper()
	if err := p.Stop(); err != nil {
		t.Errorf("%v; its log ends with\n%s", err, program.Tail(p.Log(t)))
	}
}

// history returns all changes of pods in etcd's history.
func (c *cluster) history() []change {
	c.t.Helper()
	all := changes(c.t, c.run("history"))
	if !slices.IsSortedFunc(all, func(a, b change) int { return cmp.Compare(a.revision, b.revision) }) {
		c.t.Fatal("the history is not in order")
	}
	return all
}
