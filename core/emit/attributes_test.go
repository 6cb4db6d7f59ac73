package emit_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// seen is what a processor finds of a record.
type seen struct {
	Event      string
	Attributes []emit.Attribute
}

// look is a processor that keeps what of finds.
func look(into *[]seen, of func(context.Context, *sdklog.Record) emit.Record) sdklog.Processor {
	return lookProcessor(func(ctx context.Context, r *sdklog.Record) {
		*into = append(*into, seen{r.EventName(), slices.Clone(of(ctx, r).Attributes)})
	})
}

type lookProcessor func(context.Context, *sdklog.Record)

func (lookProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (lookProcessor) Shutdown(context.Context) error                         { return nil }
func (lookProcessor) ForceFlush(context.Context) error                       { return nil }

func (p lookProcessor) OnEmit(ctx context.Context, r *sdklog.Record) error {
	p(ctx, r)
	return nil
}

// withoutContext looks at a record as somebody does who doesn't know of carriers.
func withoutContext(_ context.Context, r *sdklog.Record) emit.Record {
	return emit.Of(context.Background(), r)
}

// compareValues compares attribute values as what they are of.
var compareValues = cmp.Options{
	cmp.Comparer(func(a, b attribute.Value) bool { return a.Type() == b.Type() && a.String() == b.String() }),
	cmp.Comparer(func(a, b *record.Field) bool { return a == b }),
}

// TestSameOnBothWays: a sink finds in the context what is in the record itself for
// those behind it.
func TestSameOnBothWays(t *testing.T) {
	carrier := emit.NewCarrier("prod-eu")
	var carried, own []seen
	logger := sdklog.NewLoggerProvider(
		sdklog.WithAttributeCountLimit(-1), sdklog.WithAllowKeyDuplication(),
		sdklog.WithProcessor(carrier.Name()),
		sdklog.WithProcessor(look(&carried, emit.Of)),
		sdklog.WithProcessor(carrier.Unload()),
		sdklog.WithProcessor(look(&own, withoutContext)),
	).Logger("test")
	for _, r := range someRecords() {
		carrier.Load(t.Context(), r)
		logger.Emit(carrier, log.Record{})
	}
	if diff := cmp.Diff(own, carried, compareValues); diff != "" {
		t.Errorf("-in the record +in the context:\n%s", diff)
	}
	for i, r := range someRecords() {
		if want := r.Action.EventName(); carried[i].Event != want {
			t.Errorf("record %d is of event %q, want %q", i, carried[i].Event, want)
		}
		for _, a := range carried[i].Attributes {
			if a.OfPod() != (a.Field != nil && a.Field.Place == record.Resource) || a.Label && a.Field != nil {
				t.Errorf("%s: field %v, label %v", a.Key, a.Field, a.Label)
			}
		}
	}
}

func someRecords() []*record.Record {
	pod := record.Pod{
		Name: "web-\xff", Namespace: "shop", UID: "8f3a6c0e", Node: "n", Phase: "Failed", Reason: "Evicted",
		Labels:   record.NewLabels(map[string]string{"app": "web", "pod": "a field's key", "bad\xff": "\xfe", "": "nameless"}),
		Workload: record.Workload{Deployment: "d", ReplicaSet: "r", StatefulSet: "s", DaemonSet: "d", Job: "j", CronJob: "c"},
		Service:  record.Service{Name: "web", Namespace: "shop", Version: "1", InstanceID: "i"},
	}
	return []*record.Record{
		{Action: record.Create, Pod: &pod, Initial: true, OccurredAt: time.Unix(1, 5)},
		{
			Action: record.Update, State: record.Terminated, Reason: "OOMKilled", Info: "\xc3", Pod: &pod, Recovered: true, Seq: math.MaxUint64,
			Container:  &record.Container{Name: "app", Image: "i", RestartCount: 3, Terminated: true, ExitCode: 137, Signal: 9, Status: "terminated"},
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

// TestForeignRecord: what has no carrier has its own attributes, in valid UTF-8,
// and one of a kind for a resource.
func TestForeignRecord(t *testing.T) {
	var got []seen
	logger := sdklog.NewLoggerProvider(sdklog.WithAllowKeyDuplication(), sdklog.WithProcessor(look(&got, emit.Of))).Logger("test")
	var r log.Record
	r.AddAttributes(
		attribute.String(record.AttrPodName, "old"), attribute.String("k\xff", "\xfe"), attribute.Int("twice", 1), attribute.Int("twice", 2),
		attribute.String(record.AttrLabelPrefix+"app", "web"), attribute.String(record.AttrPodName, "new"),
	)
	logger.Emit(t.Context(), r)
	want := []emit.Attribute{
		{KeyValue: attribute.String("k\uFFFD", "\uFFFD")},
		{KeyValue: attribute.Int("twice", 1)},
		{KeyValue: attribute.Int("twice", 2)},
		{KeyValue: attribute.String(record.AttrLabelPrefix+"app", "web"), Label: true},
		{KeyValue: attribute.String(record.AttrPodName, "new"), Field: record.ByAttribute(record.AttrPodName)},
	}
	if diff := cmp.Diff([]seen{{"", want}}, got, compareValues); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if key := want[3].LabelKey(); key != "app" {
		t.Errorf("key of the label is %q", key)
	}
}

// TestCarrierIsItsContext: what else is in the context stays there.
func TestCarrierIsItsContext(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	carrier := emit.NewCarrier("")
	carrier.Load(ctx, someRecords()[0])
	cancel()
	if carrier.Value(key{}) != "value" || carrier.Err() == nil {
		t.Errorf("value %v, error %v", carrier.Value(key{}), carrier.Err())
	}
}

// TestLabelKeysAreBounded: a cluster that makes them up doesn't fill the memory, and
// each attribute has the key of its label.
func TestLabelKeysAreBounded(t *testing.T) {
	carrier := emit.NewCarrier("")
	for i := range 3 * 4096 {
		label := strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()
		carrier.Load(t.Context(), &record.Record{Action: record.Create, Pod: &record.Pod{Labels: record.NewLabels(map[string]string{label: "v"})}})
		all := emit.Of(carrier, nil).Attributes
		if last := all[len(all)-1]; !last.Label || last.LabelKey() != label {
			t.Fatalf("label %q has the key %q", label, last.Key)
		}
	}
}

// Converting happens for every record.
func TestConvertingAllocatesLittle(t *testing.T) {
	carrier, r := emit.NewCarrier("prod-eu"), someRecords()[0]
	r.Pod.Name = "web"
	r.Pod.Labels = record.NewLabels(map[string]string{"app": "web", "tier": "front"})
	carrier.Load(t.Context(), r)
	const strings = 2 // its id and the time
	if n := testing.AllocsPerRun(100, func() { carrier.Load(context.Background(), r) }); n > strings {
		t.Errorf("%v allocations, want at most %d", n, strings)
	}
}
