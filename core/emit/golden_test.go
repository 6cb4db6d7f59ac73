package emit_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// goldenRecords are records by the name of the file that holds their lines.
func goldenRecords(tb testing.TB) map[string][]*record.Record {
	tb.Helper()
	with := func(r *record.Record, change func(*record.Record)) *record.Record {
		change(r)
		return r
	}
	app := map[string]string{"app": "web"}
	return map[string][]*record.Record{
		"lifecycle": lifecycle(),
		"pod": {with(newUpdate(app), func(r *record.Record) {
			r.Level, r.State, r.Container = record.LevelError, record.Error, nil
			r.Message = "pod shop/web-5d9c7b8f66-x2x7q failed: Evicted (The node was low on resource: memory.)"
			r.Reason, r.Info = "Evicted", "The node was low on resource: memory."
			r.Pod.Phase, r.Pod.Reason = "Failed", "Evicted"
		})},
		"unscheduled": {with(newUpdate(nil), func(r *record.Record) {
			r.Container, r.Reason, r.Info = nil, "", ""
			r.Message = "pod shop/web-5d9c7b8f66-x2x7q is waiting"
			r.Pod.Node, r.Pod.Phase = "", "Pending"
			r.Pod.Workload, r.Pod.Service = record.Workload{}, record.Service{}
		})},
		"initial":   {with(newCreate(app), func(r *record.Record) { r.Initial = true })},
		"recovered": {with(newUpdate(app), func(r *record.Record) { r.Recovered = true })},
		"causes": {
			with(newUpdate(map[string]string{"app": "web", "condition": "1", "device": "2"}), func(r *record.Record) {
				r.Container, r.Level, r.Reason = nil, record.LevelWarning, "NodeNotReady"
				r.Condition = &record.Condition{Type: "Ready", Status: "False"}
				r.Message = "pod shop/web-5d9c7b8f66-x2x7q is not ready: NodeNotReady"
			}),
			with(newUpdate(app), func(r *record.Record) {
				r.Container.Device = &record.Device{Resource: "example.com/gpu", ID: "GPU-5f1d0a", Health: "Unhealthy"}
				r.Level, r.State, r.Reason, r.Info = record.LevelWarning, record.Running, "Unhealthy", "Xid 79"
				r.Message = "container app of pod shop/web-5d9c7b8f66-x2x7q has an unhealthy device: example.com/gpu GPU-5f1d0a " +
					"(Xid 79)"
			}),
		},
		"label-collisions": {with(newUpdate(map[string]string{
			"time": "1", "level": "2", "msg": "3", "pod": "4", "state": "5", "trace_id": "6", "truncated": "7",
			"label.pod": "8", "label.label.pod": "9", "bundle.id": "10", "label.bundle.id": "11", "service.name": "12",
			"k8s.pod.name": "13", "podstatus.state": "14", "empty": "",
		}), func(r *record.Record) {
			r.Attributes = []attribute.KeyValue{attribute.String("bundle.id", "shop/web")}
		})},
		"enrichment": {with(newUpdate(app), func(r *record.Record) {
			r.Attributes = []attribute.KeyValue{
				attribute.String("bundle.id", "shop/web"), attribute.String("bundle.version", "1.2.3"),
			}
			r.SpanContext = newSpanContext(tb)
			r.Enrichment = "team: deadline exceeded"
		})},
		"plugin-types": {with(newCreate(nil), func(r *record.Record) { r.Attributes = typedAttributes() })},
		"escapes": {with(newUpdate(map[string]string{"note": "a<b>&'c'"}), func(r *record.Record) {
			r.Info = "quote \" backslash \\ tab \t newline \n return \r bell \a escape \x1b[31m delete \x7f next \u0085 " +
				"separators \u2028\u2029" +
				" no break \u00a0 zażółć 🚀 broken \xff\xfe end\x00"
		})},
		"cut": {
			with(newUpdate(app), func(r *record.Record) { r.Info = strings.Repeat("zażółć 🚀 ", 1000) }),
			with(newUpdate(longLabels(60)), func(r *record.Record) { r.Info = "gone" }),
		},
	}
}

// lifecycle is that of a container, from its creation to its end.
func lifecycle() []*record.Record {
	at := func(i int, r *record.Record) *record.Record {
		r.Time = received.Add(time.Duration(i) * 1234567 * time.Microsecond)
		r.Seq = uint64(i) + 1
		return r
	}
	container := func(i int, level record.Level, state record.State, said, reason, info string,
		c record.Container,
	) *record.Record {
		r := at(i, newUpdate(map[string]string{"app": "web", "canary": ""}))
		c.Name, c.Image = r.Container.Name, r.Container.Image
		r.Level, r.State, r.Reason, r.Info, r.Container = level, state, reason, info, &c
		r.Message = "container app of pod shop/web-5d9c7b8f66-x2x7q " + said
		return r
	}
	gone := at(7, newCreate(map[string]string{"app": "web", "canary": ""}))
	gone.Action, gone.Message, gone.Level = record.Delete, "pod shop/web-5d9c7b8f66-x2x7q was deleted", record.LevelInfo
	lost := container(6, record.LevelWarning, record.Running, "is running but no longer ready", "", "",
		record.Container{Type: record.Sidecar, RestartCount: 1, Status: "running"})
	lost.OccurredAt = received.Add(123456 * time.Microsecond).In(time.FixedZone("CET", 3600))
	return []*record.Record{
		at(0, newCreate(map[string]string{"app": "web", "canary": ""})),
		container(1, record.LevelWarning, record.Waiting, "is waiting: ContainerCreating", "ContainerCreating", "",
			record.Container{Status: "waiting"}),
		container(2, record.LevelError, record.Error, "is waiting: ErrImagePull", "ErrImagePull", `rpc error: "not found"`,
			record.Container{Status: "waiting"}),
		container(3, record.LevelInfo, record.Running, "is running and ready", "", "",
			record.Container{Type: record.Init, Ready: true, Status: "running"}),
		container(4, record.LevelError, record.Terminated, "terminated with exit code 137 (signal 9): OOMKilled",
			"OOMKilled", "", record.Container{Terminated: true, ExitCode: 137, Signal: 9, Status: "terminated"}),
		container(5, record.LevelInfo, record.Terminated, "terminated with exit code 0: Completed", "Completed", "",
			record.Container{Type: record.Ephemeral, Terminated: true, Status: "terminated"}),
		lost,
		gone,
	}
}

// typedAttributes are of every type that a plugin may give, and beyond.
func typedAttributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("team.empty", ""),
		attribute.Bool("team.yes", true),
		attribute.Bool("team.no", false),
		attribute.Int64("team.zero", 0),
		attribute.Int64("team.max", math.MaxInt64),
		attribute.Int64("team.min", math.MinInt64),
		attribute.Float64("team.half", 0.5),
		attribute.Float64("team.whole", 123456789),
		attribute.Float64("team.minus-zero", math.Copysign(0, -1)),
		attribute.Float64("team.large", 1e21),
		attribute.Float64("team.largest", math.MaxFloat64),
		attribute.Float64("team.small", 1e-7),
		attribute.Float64("team.smallest", math.SmallestNonzeroFloat64),
		attribute.Float64("team.nan", math.NaN()),
		attribute.Float64("team.inf", math.Inf(1)),
		attribute.Float64("team.minus-inf", math.Inf(-1)),
		attribute.StringSlice("team.list", []string{"a", "b"}),
	}
}

func TestLines(t *testing.T) {
	for name, records := range goldenRecords(t) {
		t.Run(name, func(t *testing.T) {
			got := written(t, emit.NewJSON(), records...)
			for line := range strings.Lines(got) {
				decode(t, line)
			}
			golden(t, name+".jsonl", got)
		})
	}
}

// A line is the same whatever the format has made before.
func TestLinesDoNotDependOnEachOther(t *testing.T) {
	var all []*record.Record
	var want strings.Builder
	for _, records := range goldenRecords(t) {
		for _, r := range records {
			all = append(all, r)
			want.WriteString(lineOf(t, r))
		}
	}
	if diff := cmp.Diff(want.String(), written(t, emit.NewJSON(), all...)); diff != "" {
		t.Errorf("lines of one format (-each alone +together):\n%s", diff)
	}
}
