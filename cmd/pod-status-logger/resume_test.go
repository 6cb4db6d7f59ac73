package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/need"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// brief summarizes records.
func brief(all []delivered) (words []string) {
	for _, r := range all {
		w := r.Action + " " + r.Pod
		if r.Recovered {
			w += " recovered"
		}
		if r.Initial {
			w += " initial"
		}
		words = append(words, w)
	}
	return words
}

func message(text string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Message = text }
}

// checkBoth: both sinks have these records, numbered from 1.
func (k *keeper) checkBoth(want ...string) {
	k.t.Helper()
	lines, _ := k.lines()
	checkSeq(k.t, lines)
	if diff := cmp.Diff(want, brief(lines)); diff != "" {
		k.t.Errorf("stdout (-want +got):\n%s\n%s", diff, k.log())
	}
	if k.receiver == nil {
		return
	}
	received, _ := k.received()
	if diff := cmp.Diff(lines, received); diff != "" {
		k.t.Errorf("over OTLP (-stdout +received):\n%s", diff)
	}
}

// TestResume: after a restart, no record is emitted again, and changes in the meantime
// are emitted like watched ones, from the history of the API server.
func TestResume(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	server.Create(somePod("shop", "old"))
	server.Create(somePod("shop", "gone"))
	k := newKeeper(t, server, otlptest.New(t, otlptest.Options{}))
	k.start()
	k.await(2)
	server.Create(somePod("shop", "new"))
	k.await(3)
	k.restart(func() {
		server.Update("shop", "old", message("a"))
		server.Update("shop", "old", message("b"))
		server.Delete("shop", "gone")
		server.Create(somePod("shop", "gone"))
	})
	k.await(7)
	k.restart(func() {})
	k.ready()
	server.Delete("shop", "new")
	k.await(8)
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	k.checkBoth("create gone initial", "create old initial", "create new",
		"update old", "update old", "delete gone", "create gone", "delete new")
	if _, again := k.lines(); again > 0 {
		t.Errorf("%d lines are there again", again)
	}
	if log := k.log(); strings.Contains(log, "history") {
		t.Errorf("there was no gap:\n%s", log)
	}
}

// TestRecover: without the history, changes in the meantime are found by comparing
// lists, and marked as recovered. The gap is logged once.
func TestRecover(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(k *keeper){
		"expired": func(k *keeper) { k.server.Expire() },
		"restarted": func(k *keeper) {
			k.server.Down()
			if err := k.server.Up(); err != nil {
				k.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := apiServer(t)
			for _, name := range []string{"same", "changes", "replaced", "vanishes"} {
				server.Create(somePod("shop", name))
			}
			k := newKeeper(t, server, otlptest.New(t, otlptest.Options{}))
			k.start()
			k.await(4)
			k.restart(func() {
				server.Update("shop", "changes", message("a"))
				server.Update("shop", "changes", message("b"))
				server.Delete("shop", "vanishes")
				server.Delete("shop", "replaced")
				server.Create(somePod("shop", "replaced"))
				server.Create(somePod("shop", "passes"))
				server.Delete("shop", "passes")
				server.Create(somePod("shop", "came"))
				lose(k)
			})
			k.await(9)
			k.ready()
			if gaps := k.metric(`watch_gaps_total{reason="expired",resource="pods"}`); gaps != 1 {
				t.Errorf("%v gaps counted, want 1", gaps)
			}
			if status := k.stop(); status != cli.ExitOK {
				t.Errorf("exit status %d", status)
			}
			k.checkBoth("create changes initial", "create replaced initial", "create same initial", "create vanishes initial",
				"create came recovered", "update changes recovered", "delete replaced recovered", "create replaced recovered",
				"delete vanishes recovered")
			if n := strings.Count(k.log(), "watch history was gone, the full list was compared"); n != 1 {
				t.Errorf("the gap is announced %d times:\n%s", n, k.log())
			}
		})
	}
}

// TestAnotherCluster: the address leads to another cluster, or to an older state of it
// from a backup. Its pods are emitted as created, and the others as deleted.
func TestAnotherCluster(t *testing.T) {
	t.Parallel()
	one, other := apiServer(t), apiServer(t)
	one.Create(somePod("shop", "web"))
	one.Advance(1000)
	one.Create(somePod("shop", "db"))
	another := somePod("shop", "web")
	another.UID = "of another cluster"
	other.Create(another)
	k := newKeeper(t, one, nil)
	k.start()
	k.await(2)
	k.stop()
	k.args[1] = kubeconfig(t, other)
	k.start()
	k.await(5)
	k.ready()
	k.stop()
	lines, _ := k.lines()
	got := map[string]int{}
	for _, words := range brief(lines[2:]) {
		got[words]++
	}
	want := map[string]int{"delete web recovered": 1, "delete db recovered": 1, "create web recovered": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s\n%s", diff, k.log())
	}
}

// TestKilled: the program is killed repeatedly while pods change. Both sinks get each
// change, in order and without missing seqs. Duplicates have the same id.
func TestKilled(t *testing.T) {
	t.Parallel()
	const pods, changes, kills = 20, 3000, 30
	server := apiServer(t)
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
	}
	receiver := otlptest.New(t, otlptest.Options{})
	k := newKeeper(t, server, receiver)
	k.start()
	k.await(pods) // so that the changes are watched, however late the next run begins
	k.kill()
	done := make(chan []string)
	go func() {
		var versions []string
		for i := range changes {
			pod := server.Update("shop", webPod(i%pods), message(strconv.Itoa(i)))
			versions = append(versions, pod.ResourceVersion)
			time.Sleep(time.Millisecond)
		}
		done <- versions
	}()
	for range kills {
		k.start()
		time.Sleep(time.Duration(20+rand.IntN(250)) * time.Millisecond)
		k.kill()
	}
	versions := <-done
	k.start()
	k.awaitVersion(versions[changes-1])
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	lines, again := k.lines()
	received, sentAgain := k.received()
	t.Logf("%d kills, %d records, %d lines again, %d sent again", kills, len(lines), again, sentAgain)
	checkSeq(t, lines)
	if diff := cmp.Diff(lines, received); diff != "" {
		t.Errorf("over OTLP (-stdout +received):\n%s", diff)
	}
	checkVersions(t, lines, versions)
}

// checkVersions: each version since the first list has one record.
func checkVersions(t *testing.T, lines []delivered, versions []string) {
	t.Helper()
	var got []string
	for _, r := range lines {
		if r.Action == "update" && !r.Initial { // a pod that exists with a message has a record of that
			got = append(got, r.Version)
		}
	}
	if len(got) == 0 || len(got) > len(versions) {
		t.Fatalf("%d updates of %d", len(got), len(versions))
	}
	if diff := cmp.Diff(versions[len(versions)-len(got):], got); diff != "" { // some were made before
		t.Errorf("versions (-made +emitted):\n%s", diff)
	}
}

// TestSignalAnytime: SIGTERM at any moment shuts the program down, and the next run
// resumes.
func TestSignalAnytime(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	const pods, changes = 5, 1500
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
	}
	k := newKeeper(t, server, otlptest.New(t, otlptest.Options{}))
	done := make(chan []string)
	go func() {
		var versions []string
		for i := range changes {
			versions = append(versions, server.Update("shop", webPod(i%pods), message(strconv.Itoa(i))).ResourceVersion)
			time.Sleep(time.Millisecond)
		}
		done <- versions
	}()
	for range 10 {
		k.start()
		k.ready() // so that the signal is handled
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		if status := k.stop(); status != cli.ExitOK {
			t.Errorf("exit status %d: %s", status, k.log())
		}
	}
	versions := <-done
	k.start()
	k.awaitVersion(versions[changes-1])
	k.stop()
	lines, again := k.lines()
	if again > 0 {
		t.Errorf("%d lines are there again", again)
	}
	checkSeq(t, lines)
	checkVersions(t, lines, versions)
	received, _ := k.received()
	if diff := cmp.Diff(lines, received); diff != "" {
		t.Errorf("over OTLP (-stdout +received):\n%s", diff)
	}
}

// TestReceiverAwayOverRestarts: undelivered records stay in the journal, and the exit
// status is 0.
func TestReceiverAwayOverRestarts(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	receiver := otlptest.Unreachable(t, otlptest.Options{})
	k := newKeeper(t, server, receiver, "--shutdown-timeout=100ms")
	for i := range 3 {
		server.Create(somePod("shop", webPod(i)))
		k.start()
		k.await(i + 1)
		if status := k.stop(); status != cli.ExitOK {
			t.Errorf("exit status %d: %s", status, k.log())
		}
	}
	if n := strings.Count(k.journal("dump"), "\n"); n != 3 {
		t.Errorf("%d records wait, want 3:\n%s", n, k.journal("dump"))
	}
	receiver.Start(t)
	k.start()
	k.awaitReceived(3)
	k.stop()
	k.checkBoth("create web-0000 initial", "create web-0001", "create web-0002")
	if dump := k.journal("dump"); dump != "" {
		t.Errorf("still waiting:\n%s", dump)
	}
}

// TestDeadLetters: a record that the receiver refuses permanently is kept, printed, and
// resent on demand.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	for i := range 3 {
		server.Create(somePod("shop", webPod(i)))
	}
	receiver := otlptest.New(t, otlptest.Options{})
	receiver.Refuse(func(r *logspb.ResourceLogs) bool {
		return stringIn(r.GetResource().GetAttributes(), record.AttrPodName) == webPod(1)
	})
	k := newKeeper(t, server, receiver)
	k.start()
	k.await(3)
	k.awaitMetric(`sink_dead_records{sink="otlp"}`, 1)
	k.stop()
	var letter struct {
		Seq    int
		Reason string
		Record json.RawMessage
	}
	if err := json.Unmarshal([]byte(k.journal("dead-letter")), &letter); err != nil {
		t.Fatal(err)
	}
	if letter.Seq != 2 || letter.Reason == "" || !strings.Contains(string(letter.Record), webPod(1)) {
		t.Errorf("dead letter %+v: %s", letter, letter.Record)
	}
	receiver.Refuse(func(*logspb.ResourceLogs) bool { return false })
	if out := k.journal("dead-letter", "--resend", "2"); !strings.Contains(out, "1 dead letters will be sent again") {
		t.Error(out)
	}
	k.start()
	k.awaitReceived(3)
	k.stop()
	if out := k.journal("dead-letter"); out != "" {
		t.Errorf("left is %s", out)
	}
	k.checkSums(3)
}

// checkSums: for each sink, the totals of the journal add up.
func (k *keeper) checkSums(records uint64) {
	k.t.Helper()
	type sinkStat struct{ Committed, Sent, Acknowledged, Dead, Dropped, Waiting uint64 }
	var s struct {
		Emitted      uint64 `json:"emitted_records"`
		Received     uint64 `json:"received_events"`
		Changed      uint64 `json:"changed_events"`
		Stdout, OTLP sinkStat
	}
	if err := json.Unmarshal([]byte(k.journal("stat")), &s); err != nil {
		k.t.Fatal(err)
	}
	if s.Emitted != records || s.Changed > s.Received || s.Stdout.Committed != records {
		k.t.Errorf("%d emitted, want %d: %+v", s.Emitted, records, s)
	}
	for name, sink := range map[string]sinkStat{"stdout": s.Stdout, "otlp": s.OTLP} {
		if sum := sink.Acknowledged + sink.Dead + sink.Dropped + sink.Waiting; sum != sink.Committed ||
			sink.Sent < sink.Acknowledged {
			k.t.Errorf("%s does not add up: %+v", name, sink)
		}
	}
}

// TestSums: all counters add up, in metrics and in journal stat, over kills, refusals,
// drops and an unreliable receiver.
func TestSums(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	receiver := otlptest.New(t, otlptest.Options{})
	receiver.Refuse(func(r *logspb.ResourceLogs) bool {
		return stringIn(r.GetResource().GetAttributes(), record.AttrPodName) == webPod(7)
	})
	k := newKeeper(t, server, receiver, "--state-max-size=1Mi", "--state-when-full=drop-oldest", "--shutdown-timeout=1s")
	k.start()
	const pods = 4000
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
		switch i {
		case 1000:
			k.awaitMetric(`sink_dead_records{sink="otlp"}`, 1)
			receiver.Stop()
		case 3000:
			k.await(i)
			k.kill()
			k.start()
		case 3500:
			k.await(i)
			receiver.Start(t)
		}
	}
	k.await(pods)
	k.awaitMetric(`sink_waiting_records{sink="otlp"}`, 0)
	lines, _ := k.lines()
	checkSeq(t, lines)
	_, page := get(k.address, "/metrics")
	value := func(series string) float64 { return metricIn(t, page, "pod_status_logger_"+series) }
	emitted, dropped := value("journal_emitted_records_total"), value(`sink_dropped_records_total{sink="otlp"}`)
	dead := value(`sink_dead_records{sink="otlp"}`) // unless it was dropped
	if dropped == 0 {
		t.Error("none dropped: this test tests nothing")
	}
	for _, sink := range []string{"stdout", "otlp"} {
		of := func(what string) float64 { return value("sink_" + what + "{sink=\"" + sink + "\"}") }
		if sum := of("acknowledged_records_total") + of("dead_records") + of("dropped_records_total") +
			value(`sink_waiting_records{sink="`+sink+`"}`); sum != emitted || of("committed_records_total") != emitted {
			t.Errorf("%s: %v of %v committed, sum %v", sink, of("committed_records_total"), emitted, sum)
		}
	}
	k.stop()
	lines, _ = k.lines() // perhaps with an announcement in the end
	k.checkSums(uint64(lines[len(lines)-1].Seq))

	// Records of drops account for the missing seqs.
	checkHoles(t, k, int(dead))
}

// checkHoles: the receiver lacks as many seqs as the last record of a drop reports, and
// the dead letters.
func checkHoles(t *testing.T, k *keeper, dead int) {
	t.Helper()
	received, _ := k.received()
	has, last, total := map[int]bool{}, 0, 0
	for _, r := range received {
		has[r.Seq] = true
		last, total = max(last, r.Seq), max(total, r.Total)
	}
	if missing := last - len(has); total == 0 || missing != total+dead {
		t.Errorf("%d numbers are missing; %d records are said to have been dropped, and %d are dead letters", missing, total,
			dead)
	}
}

// TestFullJournalKilled: a full journal blocks the watch, also after a kill, and no
// record is lost.
func TestFullJournalKilled(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	const pods = 3000
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
	}
	receiver := otlptest.Unreachable(t, otlptest.Options{})
	k := newKeeper(t, server, receiver, "--state-max-size=1Mi")
	full := func() bool {
		code, body := get(k.address, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "the journal is full")
	}
	k.start()
	wait.Until(t, "the journal is full", full)
	k.kill()
	k.start()
	wait.Until(t, "the journal is full", full)
	receiver.Start(t)
	k.await(pods)
	k.ready()
	k.stop()
	lines, _ := k.lines()
	checkSeq(t, lines)
	received, _ := k.received()
	if diff := cmp.Diff(lines, received); diff != "" || len(lines) != pods {
		t.Errorf("%d lines; over OTLP (-stdout +received):\n%s", len(lines), diff)
	}
}

// TestDiskFull: while the disk is full, the program blocks and is not ready. Later it
// continues, and no record is lost.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	k := newKeeper(t, server, otlptest.New(t, otlptest.Options{}), "--state-max-size=1Mi") // fits on the disk
	k.dir = smallDisk(t)
	k.args[6] = k.dir
	const pods, changes = 200, 4000
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
	}
	k.start()
	k.await(pods)
	hog := filepath.Join(k.dir, "hog")
	fill(t, hog)
	var versions []string
	for i := range changes {
		versions = append(versions,
			server.Update("shop", webPod(i%pods), message(strconv.Itoa(i)+strings.Repeat(".", 500))).ResourceVersion)
	}
	wait.Until(t, "readiness reports the full disk", func() bool {
		code, body := get(k.address, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "the journal can't be written") &&
			strings.Contains(body, "no space left")
	})
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	k.await(pods + changes)
	k.ready()
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	lines, again := k.lines()
	checkSeq(t, lines)
	checkVersions(t, lines, versions)
	received, _ := k.received()
	if diff := cmp.Diff(lines, received); diff != "" || again > 0 {
		t.Errorf("%d lines again; over OTLP (-stdout +received):\n%s", again, diff)
	}
	if !strings.Contains(k.log(), "writing the journal fails, retrying") {
		t.Errorf("the log does not say so:\n%s", k.log())
	}
}

// TestSmallVolume: a journal that is allowed more than its volume has doesn't fill the volume, and empties when the
// receiver is back.
func TestSmallVolume(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	receiver := otlptest.Unreachable(t, otlptest.Options{})
	k := newKeeper(t, server, receiver)
	k.dir = smallDisk(t)
	k.args[6] = k.dir
	k.start()
	server.Create(somePod("shop", webPod(0)))
	k.await(1)
	const changes = 4000 // some 12 MB of records, on a volume of 6 MB
	for i := range changes {
		server.Update("shop", webPod(0), message(strconv.Itoa(i)+strings.Repeat(".", 2000)))
	}
	wait.Until(t, "readiness reports the full journal", func() bool {
		code, body := get(k.address, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "the journal is full")
	})
	receiver.Start(t)
	k.awaitReceived(1 + changes)
	k.ready()
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	if log := k.log(); !strings.Contains(log, "too small for state.maxSize") || strings.Contains(log, "no space left") {
		t.Errorf("want a warning that the volume is too small, and no full disk:\n%s", log)
	}
}

// smallDisk mounts a file system of a few megabytes, which root may on Linux.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", dir).CombinedOutput(); err != nil {
		need.Missing(t, "mounting a tmpfs, which root may on Linux", fmt.Errorf("%w: %s", err, out))
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir
}

// fill fills a disk with a file.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, size := range []int{1 << 20, 1 << 12, 1} { // to the last byte
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
}

// TestJournalInUse: a second program with the same journal ends with an error.
func TestJournalInUse(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, apiServer(t), nil)
	k.start()
	k.ready()
	second := newKeeper(t, apiServer(t), nil)
	second.args[6] = k.dir
	second.start()
	_ = second.process.Wait()
	status := second.process.ProcessState.ExitCode()
	second.process = nil
	if log := second.log(); status != cli.ExitFailed || !strings.Contains(log, k.dir) ||
		!strings.Contains(log, "another") {
		t.Errorf("exit status %d: %s", status, log)
	}
	if err := syscall.Kill(k.process.Process.Pid, 0); err != nil {
		t.Errorf("the first program: %v", err)
	}
}

// TestRefusedJournals: other files are neither read as a journal nor changed.
func TestRefusedJournals(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"text":  strings.Repeat("hello ", 10000),
		"empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t, apiServer(t), nil)
			if err := os.MkdirAll(k.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(k.dir, "journal.db")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			k.start()
			_ = k.process.Wait()
			status := k.process.ProcessState.ExitCode()
			k.process = nil
			if log := k.log(); status != cli.ExitFailed || !strings.Contains(log, file) || !strings.Contains(log, "move ") {
				t.Errorf("exit status %d: %s", status, log)
			}
			if b, err := os.ReadFile(file); err != nil || string(b) != content {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

// TestScopeChanges: namespaces or selector change between two runs.
func TestScopeChanges(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	for _, ns := range []string{"a", "b"} {
		for _, name := range []string{"web", "db"} {
			server.Create(somePod(ns, name))
		}
	}
	const web, a, all = "--selector=app=web", "--namespace=a", "--all-namespaces"
	for name, c := range map[string]struct {
		before, after string
		want          map[string]int // after
	}{
		"all to one": {all, a, map[string]int{"create new": 1}},
		"one to all": {
			a, all,
			map[string]int{"create new recovered": 1, "create new initial": 1, "create web initial": 1, "create db initial": 1},
		},
		"all to some pods":      {all, web, map[string]int{"delete db recovered": 2}},
		"some pods to all":      {web, all, map[string]int{"create db recovered": 2, "create new recovered": 2}},
		"some pods to the same": {web, web, map[string]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t, server, nil)
			k.start(c.before)
			k.ready()
			k.await(1)
			k.stop()
			lines, _ := k.lines()
			before := len(lines)
			server.Create(somePod("a", "new"))
			server.Create(somePod("b", "new"))
			defer server.Delete("a", "new")
			defer server.Delete("b", "new")
			k.start(c.after)
			k.ready()
			last := somePod("a", "last") // in every scope
			last.Labels["app"] = "web"
			k.awaitVersion(server.Create(last).ResourceVersion)
			defer server.Delete("a", "last")
			k.stop()
			c.want["create last"]++
			lines, _ = k.lines()
			got := map[string]int{}
			for _, words := range brief(lines[before:]) {
				got[words]++
			}
			for words, n := range c.want {
				if got[words] != n {
					t.Errorf("%q %d times, want %d", words, got[words], n)
				}
				delete(got, words)
			}
			if len(got) > 0 {
				t.Errorf("besides, %v", fmt.Sprint(got))
			}
		})
	}
}

// TestStdoutBlockedAtStart: unwritten lines of an earlier run block a run whose stdout
// nobody reads, and the program is not ready.
func TestStdoutBlockedAtStart(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	const pods = 400
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
	}
	k := newKeeper(t, server, nil)
	first, full := k.startPiped()
	wait.Until(t, "the pipe is full", full)
	k.kill()
	second, _ := k.startPiped()
	wait.Until(t, "readiness reports that stdout blocks", func() bool {
		code, body := get(k.address, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "is stdout read?")
	})
	read := make(chan map[int]bool)
	for _, pipe := range []*os.File{first, second} {
		go func() { read <- seqsIn(pipe) }()
	}
	seqs := <-read // of the first pipe, which has an end
	k.ready()
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	maps.Copy(seqs, <-read)
	for seq := 1; seq <= pods; seq++ {
		if !seqs[seq] {
			t.Fatalf("record %d is in neither pipe", seq)
		}
	}
}

// seqsIn returns the seqs of the complete records in a pipe.
func seqsIn(pipe *os.File) map[int]bool {
	seqs := map[int]bool{}
	for scanner := bufio.NewScanner(pipe); scanner.Scan(); {
		var r delivered
		if json.Unmarshal(scanner.Bytes(), &r) == nil {
			seqs[r.Seq] = true
		}
	}
	return seqs
}

// startPiped runs the program with a pipe that nobody reads yet. full reports whether
// the pipe is full.
func (k *keeper) startPiped() (pipe *os.File, full func() bool) {
	k.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = read.Close() })
	k.launch(write)
	return read, func() bool { return isFull(k.t, read) }
}

// TestStdoutOff: unwritten lines are kept while stdout is off.
func TestStdoutOff(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	const pods = 400
	for i := range pods {
		server.Create(somePod("shop", webPod(i)))
	}
	k := newKeeper(t, server, otlptest.New(t, otlptest.Options{}))
	_, full := k.startPiped()
	k.awaitReceived(1)
	wait.Until(t, "the pipe is full", full)
	k.kill()
	k.start("--stdout=false")
	k.awaitReceived(pods)
	k.stop()
	k.start()
	k.ready()
	k.stop()
	lines, _ := k.lines()
	if len(lines) == 0 || lines[0].Seq > 200 {
		t.Errorf("%d lines were kept: %+v", len(lines), lines[:min(1, len(lines))])
	}
}

// TestNewLine: the partial line of a killed run is ended before the next run writes.
func TestNewLine(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	server.Create(somePod("shop", "web"))
	k := newKeeper(t, server, nil)
	if err := os.WriteFile(k.stdout, []byte(`{"torn":`), 0o600); err != nil {
		t.Fatal(err)
	}
	k.start()
	k.await(1)
	k.restart(func() { server.Create(somePod("shop", "db")) })
	k.await(2)
	k.stop()
	if b := readFile(t, k.stdout); !strings.HasPrefix(b, "{\"torn\":\n{") || strings.Contains(b, "\n\n") {
		t.Errorf("stdout:\n%s", b)
	}
}
