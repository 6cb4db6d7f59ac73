package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// keeper runs the program with a journal, as a process that can be killed and
// restarted. All runs append to the same files.
type keeper struct {
	t        testing.TB
	server   *apiscript.Server
	receiver *otlptest.Receiver // nil: nothing is sent
	dir      string             // of the journal
	stdout   string             // file
	stderr   string             // file
	address  string
	args     []string
	process  *exec.Cmd
}

// delivered is a record in both sinks.
type delivered struct {
	Seq     int    `json:"seq"`
	ID      string `json:"record_id"`
	Pod     string `json:"pod"`
	Version string `json:"resource_version"`
	Action  string `json:"action"`
	State   string `json:"state"`

	Recovered bool `json:"recovered"`
	Initial   bool `json:"initial"`
	Dropped   int  `json:"dropped"`
	Total     int  `json:"dropped_total"`
}

func newKeeper(t testing.TB, server *apiscript.Server, receiver *otlptest.Receiver, args ...string) *keeper {
	t.Helper()
	dir := t.TempDir()
	k := &keeper{
		t: t, server: server, receiver: receiver, dir: filepath.Join(dir, "state"), stdout: filepath.Join(dir, "stdout"),
		stderr:  filepath.Join(dir, "stderr"),
		address: freeport.Address(t),
	}
	k.args = append([]string{
		"--kubeconfig", kubeconfig(t, server), "--listen", k.address, "--plugins=none", "--state-dir", k.dir,
		"--shutdown-timeout=20s",
	}, args...)
	t.Cleanup(func() {
		k.kill()
		if t.Failed() {
			log := k.log()
			t.Logf("end of the log:\n%s", log[max(0, len(log)-4000):])
		}
	})
	return k
}

// start runs the program, with a few more arguments.
func (k *keeper) start(args ...string) {
	k.t.Helper()
	k.launch(k.appendTo(k.stdout), args...)
}

// launch runs the program with this stdout, which it closes.
func (k *keeper) launch(stdout *os.File, args ...string) {
	k.t.Helper()
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	k.process = exec.Command(self, append(k.args, args...)...)
	k.process.Args[0] = "pod-status-logger"
	if k.receiver != nil {
		k.process.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+k.receiver.URL())
	}
	stderr := k.appendTo(k.stderr)
	k.process.Stdout, k.process.Stderr = stdout, stderr
	if err := k.process.Start(); err != nil {
		k.t.Fatal(err)
	}
	_, _ = stdout.Close(), stderr.Close()
}

func (k *keeper) appendTo(path string) *os.File {
	k.t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		k.t.Fatal(err)
	}
	return f
}

// ready waits until the program is ready.
func (k *keeper) ready() {
	k.t.Helper()
	awaitReady(k.t, k.address)
}

// kill kills the program.
func (k *keeper) kill() {
	if k.process == nil {
		return
	}
	_ = k.process.Process.Kill()
	_ = k.process.Wait()
	k.process = nil
}

// stop sends SIGTERM to the program, and returns its exit status.
func (k *keeper) stop() int {
	k.t.Helper()
	if err := k.process.Process.Signal(syscall.SIGTERM); err != nil {
		k.t.Fatal(err)
	}
	_ = k.process.Wait()
	status := k.process.ProcessState.ExitCode()
	k.process = nil
	return status
}

// restart stops the program, calls meanwhile, and starts it.
func (k *keeper) restart(meanwhile func()) {
	k.t.Helper()
	if status := k.stop(); status != cli.ExitOK {
		k.t.Fatalf("exit status %d: %s", status, k.log())
	}
	meanwhile()
	k.start()
}

// lines returns the records on stdout without duplicates, and the number of duplicates.
// Partial lines are ignored.
func (k *keeper) lines() (all []delivered, again int) {
	k.t.Helper()
	seen := map[string]string{}
	for line := range strings.Lines(readFile(k.t, k.stdout)) {
		var r delivered
		if json.Unmarshal([]byte(line), &r) != nil {
			continue
		}
		if before, ok := seen[r.ID]; ok {
			if before != line {
				k.t.Fatalf("two records have one id:\n%s%s", before, line)
			}
			again++
			continue
		}
		seen[r.ID] = line
		all = append(all, r)
	}
	return all, again
}

// await waits until stdout has so many records.
func (k *keeper) await(n int) {
	k.t.Helper()
	wait.Until(k.t, fmt.Sprintf("%d records on stdout", n), func() bool {
		if strings.Count(readFile(k.t, k.stdout), "\n") < n { // which is cheaper to see than records
			return false
		}
		all, _ := k.lines()
		return len(all) >= n
	})
}

// awaitVersion waits for the record of a version of a pod on stdout.
func (k *keeper) awaitVersion(version string) {
	k.t.Helper()
	wait.Until(k.t, "the record of version "+version, func() bool {
		all, _ := k.lines()
		return slices.ContainsFunc(all, func(r delivered) bool { return r.Version == version })
	})
}

// received returns the records of the receiver without duplicates, and the number of
// duplicates.
func (k *keeper) received() (all []delivered, again int) {
	seen := map[string]bool{}
	for _, request := range k.receiver.Requests() {
		for _, resource := range request.Logs {
			r := delivered{Pod: stringIn(resource.GetResource().GetAttributes(), record.AttrPodName)}
			attributes := resource.GetScopeLogs()[0].GetLogRecords()[0].GetAttributes()
			for _, kv := range attributes {
				switch kv.GetKey() {
				case record.AttrSeq:
					r.Seq = int(kv.GetValue().GetIntValue())
				case record.AttrDropped:
					r.Dropped = int(kv.GetValue().GetIntValue())
				case record.AttrDroppedTotal:
					r.Total = int(kv.GetValue().GetIntValue())
				case record.AttrRecovered:
					r.Recovered = kv.GetValue().GetBoolValue()
				case record.AttrInitial:
					r.Initial = kv.GetValue().GetBoolValue()
				}
			}
			r.ID, r.Version = stringIn(attributes, record.AttrID), stringIn(attributes, record.AttrResourceVersion)
			r.Action, r.State = stringIn(attributes, record.AttrAction), stringIn(attributes, record.AttrState)
			if seen[r.ID] {
				again++
				continue
			}
			seen[r.ID] = true
			all = append(all, r)
		}
	}
	return all, again
}

func stringIn(attributes []*commonpb.KeyValue, key string) string {
	for _, kv := range attributes {
		if kv.GetKey() == key {
			return kv.GetValue().GetStringValue()
		}
	}
	return ""
}

func (k *keeper) log() string {
	b, err := os.ReadFile(k.stderr)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// metric returns the value of a series.
func (k *keeper) metric(series string) float64 {
	k.t.Helper()
	_, page := get(k.address, "/metrics")
	return metricIn(k.t, page, "pod_status_logger_"+series)
}

// awaitMetric waits until a series has a value.
func (k *keeper) awaitMetric(series string, want float64) {
	k.t.Helper()
	wait.Until(k.t, fmt.Sprintf("%s is %v", series, want), func() bool {
		_, page := get(k.address, "/metrics")
		return strings.Contains(page, fmt.Sprintf("pod_status_logger_%s %v\n", series, want))
	})
}

func metricIn(t testing.TB, page, series string) float64 {
	t.Helper()
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("there is no series %s", series)
	return 0
}

// awaitReceived waits until the receiver has so many records.
func (k *keeper) awaitReceived(n int) {
	k.t.Helper()
	wait.Until(k.t, fmt.Sprintf("%d records are received", n), func() bool {
		received, _ := k.received()
		return len(received) >= n
	})
}

// journal runs a journal command on the journal of the stopped program.
func (k *keeper) journal(args ...string) string {
	k.t.Helper()
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	cmd := exec.Command(self, append(append([]string{"journal"}, args...), "--state-dir", k.dir)...)
	cmd.Args[0] = "pod-status-logger"
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("journal %v: %v: %s", args, err, stderr.String())
	}
	return string(out)
}

// checkSeq: from 1, without holes.
func checkSeq(t testing.TB, all []delivered) {
	t.Helper()
	for i, r := range all {
		if r.Seq != i+1 {
			t.Fatalf("record %d of %d has seq %d (%s %s)", i+1, len(all), r.Seq, r.Action, r.Pod)
		}
	}
}

func webPod(i int) string { return fmt.Sprintf("web-%04d", i) }
