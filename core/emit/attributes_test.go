package emit_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// seen is a record as a sink or processor gets it.
type seen struct {
	Event      string
	Attributes []emit.Attribute
}

// capture is a Format that keeps the records that it gets.
type capture struct{ records []seen }

func (c *capture) Append(b []byte, r emit.Record) []byte {
	c.records = append(c.records, seen{r.EventName(), slices.Clone(r.Attributes)})
	return append(b, '\n')
}

func (c *capture) stdout() *emit.Stdout { return emit.NewStdout(nil, c, nil) }

// compareValues compares attribute values by content and type.
var compareValues = cmp.Options{
	cmp.Comparer(func(a, b attribute.Value) bool { return a.Type() == b.Type() && a.String() == b.String() }),
	cmp.Comparer(func(a, b *record.Field) bool { return a == b }),
}

// TestSameOnBothWays: a sink gets the attributes that processors find in the record
// itself.
func TestSameOnBothWays(t *testing.T) {
	var carried capture
	var own []seen
	e := emit.New(emit.Settings{
		Cluster: "prod-eu", Stdout: carried.stdout(),
		Processors: []sdklog.Processor{funcProcessor(func(r *sdklog.Record) {
			own = append(own, seen{r.EventName(), emit.Own(r).Attributes})
		})},
	})
	for _, r := range someRecords() {
		if err := e.Emit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(own, carried.records, compareValues); diff != "" {
		t.Errorf("-in the record +in the context:\n%s", diff)
	}
	for i, r := range someRecords() {
		if want := r.Action.EventName(); carried.records[i].Event != want {
			t.Errorf("record %d is of event %q, want %q", i, carried.records[i].Event, want)
		}
		for _, a := range carried.records[i].Attributes {
			if a.OfPod() != (a.Field != nil && a.Field.Place == record.Resource) || a.Label && a.Field != nil {
				t.Errorf("%s: field %v, label %v", a.Key, a.Field, a.Label)
			}
		}
	}
}

func someRecords() []*record.Record {
	pod := record.Pod{
		Name: "web-\xff", Namespace: "shop", UID: "8f3a6c0e", Node: "n", Phase: "Failed", Reason: "Evicted",
		Labels: record.NewLabels(map[string]string{
			"app": "web", "pod": "a field's key", "bad\xff": "\xfe", "": "nameless",
		}),
		Workload: record.Workload{Deployment: "d", ReplicaSet: "r", StatefulSet: "s", DaemonSet: "d", Job: "j", CronJob: "c"},
		Service:  record.Service{Name: "web", Namespace: "shop", Version: "1", InstanceID: "i"},
	}
	return []*record.Record{
		{Action: record.Create, Pod: &pod, Initial: true, OccurredAt: time.Unix(1, 5)},
		{
			Action: record.Update, State: record.Terminated, Reason: "OOMKilled", Info: "\xc3", Pod: &pod, Recovered: true,
			Seq: math.MaxUint64,
			Container: &record.Container{
				Name: "app", Image: "i", RestartCount: 3, Terminated: true, ExitCode: 137, Signal: 9, Status: "terminated",
			},
			Enrichment: "team: deadline exceeded",
			Attributes: []attribute.KeyValue{
				attribute.String("team.s\xff", "\xf0"), attribute.Bool("team.b", true), attribute.Int("team.i", -1),
				attribute.Float64("team.f", math.Inf(1)), attribute.StringSlice("team.list", []string{"a", "\xff"}),
			},
		},
		{Action: record.Update, State: record.Waiting, Pod: &record.Pod{}},
		{Action: record.Delete, Pod: &record.Pod{Name: "other"}},
		{Action: record.Drop, Dropped: &record.Dropped{Records: 3, FirstSeq: 1, LastSeq: 3, Total: 5}},
	}
}

// TestContextReachesProcessors: other values of the caller's context stay in it, and
// its end doesn't keep a record from the sinks.
func TestContextReachesProcessors(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	cancel()
	var got context.Context
	e := emit.New(emit.Settings{
		OTLP: true, Processors: []sdklog.Processor{contextProcessor(func(ctx context.Context) { got = ctx })},
	})
	if err := e.Emit(ctx, newCreate(nil)); err != nil {
		t.Fatal(err)
	}
	if got.Value(key{}) != "value" || !errors.Is(got.Err(), context.Canceled) {
		t.Errorf("value %v, error %v", got.Value(key{}), got.Err())
	}
	if n := len(e.Take().Records); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestLabelKeysAreBounded: a cluster that generates them doesn't fill the memory, and
// each attribute has the key of its label.
func TestLabelKeysAreBounded(t *testing.T) {
	var got capture
	e := emit.New(emit.Settings{Stdout: got.stdout()})
	for i := range 3 * 4096 {
		label := "label-" + time.Duration(i).String()
		got.records = nil
		if err := e.Emit(t.Context(), newCreate(map[string]string{label: "v"})); err != nil {
			t.Fatal(err)
		}
		all := got.records[0].Attributes
		if last := all[len(all)-1]; !last.Label || last.LabelKey() != label {
			t.Fatalf("label %q has the key %q", label, last.Key)
		}
	}
}

// Emitting happens for every record.
func TestEmittingAllocatesLittle(t *testing.T) {
	e, r := emit.New(emit.Settings{Cluster: "prod-eu"}), newCreate(map[string]string{"app": "web", "tier": "front"})
	const most = 2 /* the id and the time as strings */ + 2 /* the context */ + 1 /* the SDK's record */
	if n := testing.AllocsPerRun(100, func() { _ = e.Emit(context.Background(), r) }); n > most {
		t.Errorf("%v allocations, want at most %d", n, most)
	}
}
