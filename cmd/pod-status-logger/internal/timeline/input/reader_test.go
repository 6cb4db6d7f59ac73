package input

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read reads a source and fails the test if that fails.
func read(t *testing.T, source io.Reader) ([]Record, Stats) {
	t.Helper()
	var records []Record
	r := NewReader(func(r *Record) error {
		records = append(records, *r)
		return nil
	})
	if err := r.Read("test", source); err != nil {
		t.Fatal(err)
	}
	return records, r.Stats
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestForms reads the records of one run of the demo in each form in which tools store them. Those of the Collector's
// file exporter and of VictoriaLogs were written by these programs.
func TestForms(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(testdata(t, "stdout.jsonl")), "\n")
	want, _ := read(t, strings.NewReader(strings.Join(lines, "\n")))
	if len(want) != len(lines) {
		t.Fatalf("%d records in %d lines", len(want), len(lines))
	}
	each := func(form func(i int, line string) string) string {
		var b strings.Builder
		for i, line := range lines {
			b.WriteString(form(i, line) + "\n")
		}
		return b.String()
	}
	const stamp, pod = "2026-12-01T00:01:32.419192068Z ", "[pod/pod-status-logger-0/pod-status-logger] "
	for name, source := range map[string]string{
		"kubectl logs --timestamps":          each(func(_ int, l string) string { return stamp + l }),
		"kubectl logs --prefix":              each(func(_ int, l string) string { return pod + l }),
		"kubectl logs --prefix --timestamps": each(func(_ int, l string) string { return pod + stamp + l }),
		"CRI log file":                       each(func(_ int, l string) string { return stamp + "stdout F " + l }),
		"CRI log file, split lines": each(func(_ int, l string) string {
			return stamp + "stdout P " + l[:100] + "\n" + stamp + "stderr F a line of the program's log\n" +
				stamp + "stdout P " + l[100:200] + "\n" + stamp + "stdout F " + l[200:]
		}),
		"Docker log file": each(func(_ int, l string) string {
			return fmt.Sprintf(`{"log":%s,"stream":"stdout","time":"2026-12-01T00:01:32Z"}`, quoted(t, l+"\n"))
		}),
		"docker compose logs": each(func(_ int, l string) string { return "logger-1  | " + l }),
		"Loki, lines of stdout": each(func(_ int, l string) string {
			return fmt.Sprintf(`{"labels":{"pod":"pod-status-logger-0"},"line":%s,"timestamp":"2026-12-01T00:01:32Z"}`, quoted(t, l))
		}),
		"CRLF":                strings.Join(lines, "\r\n"),
		"between other lines": "I1130 klog {x}\n" + each(func(_ int, l string) string { return `{"level":"INFO","msg":"started"}` + "\n\n" + l }),
		"gzip":                compress(t, strings.Join(lines, "\n")),
		"two archives":        compress(t, strings.Join(lines[:9], "\n")+"\n") + compress(t, strings.Join(lines[9:], "\n")),
		"Collector":           testdata(t, "collector.jsonl.gz"),
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := read(t, strings.NewReader(source))
			if diff := cmp.Diff(withoutOTLP(want), withoutOTLP(got)); diff != "" {
				t.Errorf("records (-stdout +got):\n%s", diff)
			}
		})
	}
}

// TestStores reads records whose order or fields a store has changed.
func TestStores(t *testing.T) {
	want := map[string]Record{}
	records, _ := read(t, strings.NewReader(testdata(t, "stdout.jsonl")))
	for _, r := range withoutOTLP(records) {
		r.TraceID = "" // that version of VictoriaLogs has none
		want[r.ID] = r
	}
	for name, source := range map[string]string{
		"VictoriaLogs":           testdata(t, "victorialogs.jsonl.gz"),
		"Loki, received as OTLP": fromLoki(t, records),
	} {
		t.Run(name, func(t *testing.T) {
			stored, stats := read(t, strings.NewReader(source))
			if len(stored) != len(want) || stats.Bad > 0 {
				t.Errorf("%d records, %d damaged lines, want %d records", len(stored), stats.Bad, len(want))
			}
			for _, r := range withoutOTLP(stored) {
				r.TraceID = ""
				if diff := cmp.Diff(want[r.ID], r); diff != "" {
					t.Errorf("record %d (-stdout +stored):\n%s", r.Seq, diff)
				}
			}
		})
	}
}

// fromLoki returns records as logcli prints them if Loki received them over OTLP: attributes are labels, with
// underscores for dots.
func fromLoki(t *testing.T, records []Record) string {
	t.Helper()
	var b strings.Builder
	for _, r := range records {
		labels := map[string]string{
			"k8s_pod_name": r.Pod, "k8s_namespace_name": r.Namespace, "k8s_pod_uid": r.UID, "k8s_cluster_name": r.Cluster,
			"podstatus_action": r.Action, "podstatus_state": r.State, "podstatus_reason": r.Reason,
			"podstatus_info": r.Info, "k8s_node_name": r.Node, "k8s_pod_status_phase": r.Phase,
			"log_record_uid": r.ID, "podstatus_seq": strconv.FormatUint(r.Seq, 10), "severity_text": strings.ToUpper(r.Level),
			"podstatus_initial": strconv.FormatBool(r.Initial), "bundle_id": r.BundleID, "bundle_name": r.BundleName,
			"bundle_version": r.BundleVersion, "podstatus_condition_type": r.Condition,
			"podstatus_condition_status": r.ConditionStatus,
		}
		if !r.OccurredAt.IsZero() {
			labels["podstatus_occurred_at"] = r.OccurredAt.Format("2006-01-02T15:04:05Z")
		}
		if r.Container != "" {
			labels["k8s_container_name"], labels["podstatus_container_type"] = r.Container, r.ContainerType
			labels["container_image_name"], labels["podstatus_container_ready"] = r.Image, strconv.FormatBool(r.Ready)
			labels["k8s_container_restart_count"] = strconv.Itoa(int(r.Restarts))
		}
		if r.HasExitCode {
			labels["podstatus_container_exit_code"] = strconv.Itoa(int(r.ExitCode))
		}
		line, err := json.Marshal(map[string]any{
			"labels": labels, "line": r.Message, "timestamp": r.Received.Format("2006-01-02T15:04:05.000000000Z"),
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// withoutOTLP removes fields that only OTLP has.
func withoutOTLP(records []Record) []Record {
	for i := range records {
		records[i].Workload = ""
	}
	return records
}

func quoted(t *testing.T, s string) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compress(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDamage: damaged lines cost no other.
func TestDamage(t *testing.T) {
	text := testdata(t, "stdout.jsonl")
	lines := strings.SplitAfter(text, "\n")
	all := strings.Count(text, "\n")
	whole := compress(t, text)
	for name, c := range map[string]struct {
		source       string
		records, bad int
	}{
		"the last line is cut":      {text[:len(text)-100], all - 1, 1},
		"the first line is cut":     {lines[0][300:] + strings.Join(lines[1:], ""), all - 1, 0},
		"a line is cut within":      {lines[0] + lines[1][:50] + "\n" + strings.Join(lines[2:], ""), all - 1, 1},
		"nothing":                   {"", 0, 0},
		"an archive without an end": {whole[:len(whole)-8], all, 1},
		"zeros":                     {lines[0] + strings.Repeat("\x00", 4096) + "\n" + lines[1], 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			records, stats := read(t, strings.NewReader(c.source))
			if len(records) != c.records || stats.Bad != c.bad {
				t.Errorf("%d records, %d damaged lines (%s), want %d and %d",
					len(records), stats.Bad, stats.FirstBad, c.records, c.bad)
			}
		})
	}
	_, stats := read(t, strings.NewReader(text[:len(text)-100]))
	if want := fmt.Sprintf("test:%d: not a JSON object", all); stats.FirstBad != want {
		t.Errorf("%q, want %q", stats.FirstBad, want)
	}
}

// TestOtherInput: other JSON is no record, and events of a watch are recognised.
func TestOtherInput(t *testing.T) {
	records, stats := read(t, strings.NewReader(`{"type":"ADDED","object":{"kind":"Pod"}}
{"time":"2026-12-01T00:01:32Z","level":"info","msg":"x","action":"drop","dropped":3}
{"time":"2026-12-01T00:01:32Z","level":"INFO","msg":"starting"}
[1,2]
{}
`))
	if len(records) != 0 || !stats.Watched || stats.Lines != 5 || stats.Bad != 0 {
		t.Errorf("%d records, %+v", len(records), stats)
	}
}

// FuzzRead: no input makes the reader panic, and flat lines are read as encoding/json reads them.
func FuzzRead(f *testing.F) {
	for line := range strings.Lines(`{"time":"2026-12-01T00:01:32Z","action":"create","pod":"p","info":"a\"b\\"}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}
{"labels":{"a":"b"},"line":"{}","timestamp":"x"}
2026-12-01T00:01:32Z stdout P {"a
{"log":"{\"log\":\"x\",\"stream\":\"\"}","stream":""}
`) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var raw map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &raw) == nil && raw != nil {
			got := map[string]bool{}
			err := members([]byte(line), func(key, _ []byte) { got[unquote(key)] = true })
			if err != nil {
				t.Errorf("%q: %v", line, err)
			}
			for key := range raw {
				if !got[key] && len(got) != len(raw) {
					t.Errorf("%q: there is no member %q", line, key)
				}
			}
		}
		r := NewReader(func(*Record) error { return nil })
		if err := r.Read("fuzz", strings.NewReader(line+"\n"+line)); err != nil && !strings.HasPrefix(line, "\x1f\x8b") {
			t.Error(err)
		}
	})
}
