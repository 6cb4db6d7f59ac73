package emit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // Pretty shows local time
	goleak.VerifyTestMain(m)
}

var received = time.Date(2026, 11, 23, 16, 45, 24, 468_000_000, time.UTC)

const podUID = "8f3a6c0e-6f0c-4d62-9c53-0d0a4dcb1c5e"

func newPod(labels map[string]string) *record.Pod {
	return &record.Pod{
		Name:      "web-5d9c7b8f66-x2x7q",
		Namespace: "shop",
		UID:       podUID,
		Node:      "node-17",
		Phase:     "Running",
		Labels:    record.NewLabels(labels),
		Workload:  record.Workload{Deployment: "web", ReplicaSet: "web-5d9c7b8f66"},
		Service: record.Service{
			Name: "web", Namespace: "shop", Version: "1.2.3", InstanceID: "shop.web-5d9c7b8f66-x2x7q.app",
		},
	}
}

// newCreate is a record about a pod.
func newCreate(labels map[string]string) *record.Record {
	return &record.Record{
		Time:            received,
		Message:         "pod shop/web-5d9c7b8f66-x2x7q was created",
		Action:          record.Create,
		Pod:             newPod(labels),
		OccurredAt:      received.Add(-time.Second).Truncate(time.Second),
		ResourceVersion: "123456789",
		ID:              record.NewID("prod-eu", podUID, "123456789", record.Create, "", 0),
		Seq:             1,
	}
}

// newUpdate is a record about a container, for tests to change.
func newUpdate(labels map[string]string) *record.Record {
	return &record.Record{
		Time:    received,
		Level:   record.LevelWarning,
		Message: "container app of pod shop/web-5d9c7b8f66-x2x7q is waiting: CrashLoopBackOff",
		Action:  record.Update,
		State:   record.Waiting,
		Reason:  "CrashLoopBackOff",
		Info:    "back-off 5m0s restarting failed container=app pod=web-5d9c7b8f66-x2x7q_shop(" + podUID + ")",
		Pod:     newPod(labels),
		Container: &record.Container{
			Name:         "app",
			Image:        "registry.example.org/shop/web:1.2.3",
			RestartCount: 17,
			Status:       "waiting",
		},
		ResourceVersion: "123456790",
		ID:              record.NewID("prod-eu", podUID, "123456790", record.Update, "app", 0),
		Seq:             987654,
	}
}

// templateLabels are ten labels, as pods of a Helm release have them.
func templateLabels() map[string]string {
	set := map[string]string{
		"app.kubernetes.io/name":       "web",
		"app.kubernetes.io/instance":   "web-eu",
		"app.kubernetes.io/version":    "1.2.3",
		"app.kubernetes.io/managed-by": "Helm",
		"helm.sh/chart":                "web-1.2.3",
		"pod-template-hash":            "5d9c7b8f66",
	}
	for i := range 4 {
		set[fmt.Sprintf("example.org/label-%d", i)] = fmt.Sprintf("value-%d", i)
	}
	return set
}

func newSpanContext(tb testing.TB) trace.SpanContext {
	tb.Helper()
	traceID, err1 := trace.TraceIDFromHex("4bf92f3577b34da6a3ce929d0e0e4736")
	spanID, err2 := trace.SpanIDFromHex("00f067aa0ba902b7")
	if err := errors.Join(err1, err2); err != nil {
		tb.Fatal(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

// written returns stdout after these records.
func written(tb testing.TB, format emit.Format, records ...*record.Record) string {
	tb.Helper()
	var out bytes.Buffer
	stdout := emit.NewStdout(&out, format, func(err error) { tb.Errorf("write: %v", err) })
	emitter, _ := emittest.New(emit.Settings{Cluster: "prod-eu", Version: "1.0.0", Stdout: stdout})
	for _, r := range records {
		if err := emitter.Emit(tb.Context(), r); err != nil {
			tb.Fatal(err)
		}
	}
	if err := emitter.Write(tb.Context(), emitter.Take()); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

// lineOf returns the line of one record, with its newline.
func lineOf(tb testing.TB, r *record.Record) string {
	tb.Helper()
	return written(tb, emit.NewJSON(), r)
}

// exported returns records as an exporter gets them.
func exported(tb testing.TB, s emit.Settings, records ...*record.Record) []sdklog.Record {
	tb.Helper()
	emitter, exporter := emittest.New(s)
	for _, r := range records {
		if err := emitter.Emit(tb.Context(), r); err != nil {
			tb.Fatal(err)
		}
	}
	return exporter.Records()
}

// decode checks what holds for every line, and returns its members: string, bool
// or json.Number.
func decode(tb testing.TB, line string) map[string]any {
	tb.Helper()
	body, isLine := strings.CutSuffix(line, "\n")
	switch {
	case !isLine || strings.ContainsAny(body, "\n\r\u0085\u2028\u2029"):
		tb.Fatalf("not one line: %q", line)
	case len(line) > emit.MaxLine:
		tb.Fatalf("line of %d bytes", len(line))
	case !utf8.ValidString(line):
		tb.Fatalf("no valid UTF-8: %q", line)
	case !strings.HasPrefix(body, `{"time":"`) || !strings.HasSuffix(body, "}"):
		tb.Fatalf("no object: %q", line)
	}
	for _, c := range body {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			tb.Fatalf("control character %U in %q", c, line)
		}
	}
	members, err := flatObject(body)
	if err != nil {
		tb.Fatalf("%v in %q", err, line)
	}
	return members
}

// flatObject reads a JSON object token by token: a map would hide duplicates.
func flatObject(body string) (map[string]any, error) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("begins with %v, %w", t, err)
	}
	members := map[string]any{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		value, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("value of %q: %w", key, err)
		}
		switch value.(type) {
		case string, bool, json.Number:
		default:
			return nil, fmt.Errorf("value of %q is a %T", key, value)
		}
		name, _ := key.(string)
		if _, ok := members[name]; ok {
			return nil, fmt.Errorf("key %q is there twice", key)
		}
		members[name] = value
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return nil, fmt.Errorf("ends with %v, %w", t, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more after the object")
	}
	return members, nil
}

// valid is what becomes of a string that is no UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// pluginAttributes returns n attributes with values of the length size.
func pluginAttributes(n, size int) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, n)
	for i := range attrs {
		attrs[i] = attribute.String(fmt.Sprintf("team.attribute-%02d", i), strings.Repeat("p", size))
	}
	return attrs
}

// longLabels returns n labels as long as Kubernetes allows.
func longLabels(n int) map[string]string {
	set := make(map[string]string, n)
	for i := range n {
		key := fmt.Sprintf("%s.example.org/%s-%03d", strings.Repeat("d", 240), strings.Repeat("k", 59), i)
		set[key] = strings.Repeat("v", 63)
	}
	return set
}
