package emit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestTakeHandsOver(t *testing.T) {
	p := emit.NewProcessor()
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(p))
	logger := provider.Logger("test")
	if got := p.Take(); got != nil {
		t.Fatalf("took %d records from an empty processor", len(got))
	}
	if !logger.Enabled(t.Context(), log.EnabledParameters{}) {
		t.Error("not enabled")
	}

	logger.Emit(t.Context(), newRecord(attribute.String("n", "first")))
	first := p.Take()
	before := string(first[0])
	logger.Emit(t.Context(), newRecord(attribute.String("n", "other")))
	logger.Emit(t.Context(), newRecord(attribute.String("n", "third")))
	if string(first[0]) != before {
		t.Error("what was taken has been written over")
	}
	if err := provider.ForceFlush(t.Context()); err != nil {
		t.Error(err)
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	second := p.Take()
	if len(second) != 2 {
		t.Fatalf("took %d records after shutdown, want the 2 that were staged", len(second))
	}
	before = string(second[1])
	_ = append(second[0], "over the end"...)
	if string(second[1]) != before {
		t.Error("appending to one record overwrites the next")
	}
}

func TestBurstIsNotKept(t *testing.T) {
	p := emit.NewProcessor()
	logger := sdklog.NewLoggerProvider(sdklog.WithProcessor(p)).Logger("test")
	big := newRecord(attribute.String("big", strings.Repeat("x", 2<<20)))
	logger.Emit(t.Context(), big)
	p.Take()
	logger.Emit(t.Context(), newRecord())
	records := p.Take()
	if len(records) != 1 || cap(records[0]) > 1<<10 {
		t.Errorf("got %d records, the first with %d bytes", len(records), cap(records[0]))
	}
}

// podRecord is like a real one: 30 attributes, of which 10 say which pod.
func podRecord() *record.Record {
	labels := make(map[string]string)
	for i := range 6 {
		labels[fmt.Sprintf("example.org/label-%d", i)] = "value"
	}
	return &record.Record{
		Time: received, Level: record.LevelWarning, Message: "container app waits",
		Action: record.Update, State: record.Waiting, Reason: "CrashLoopBackOff",
		Info: "back-off 5m0s restarting failed container=app pod=web-0_shop(8f3a)",
		Pod: &record.Pod{
			Name: "web-5d9c7b8f66-x2x7q", Namespace: "shop", UID: "8f3a6c0e-6f0c-4d62-9c53-0d0a4dcb1c5e", Node: "node-17", Phase: "Running",
			Labels: record.NewLabels(labels), Workload: record.Workload{Deployment: "web"},
			Service: record.Service{Name: "web", Namespace: "shop", Version: "1.2.3", InstanceID: "shop.web-5d9c7b8f66-x2x7q.app"},
		},
		Container:       &record.Container{Name: "app", Image: "registry.example.org/shop/web:1.2.3", RestartCount: 17, Status: "waiting"},
		ResourceVersion: "123456789", Seq: 987654,
	}
}

// emitted returns a record as a processor gets it, with the context in which it does.
func emitted(tb testing.TB, r *record.Record) (context.Context, *sdklog.Record) {
	tb.Helper()
	carrier := emit.NewCarrier("prod-eu")
	carrier.Load(tb.Context(), r)
	var got sdklog.Record
	logger := sdklog.NewLoggerProvider(sdklog.WithProcessor(keepLast{emit.NewProcessor(), &got})).Logger("test")
	logger.Emit(carrier, newRecord())
	return carrier, &got
}

// BenchmarkOTLPEncode encodes records of 30 attributes in groups of 256.
func BenchmarkOTLPEncode(b *testing.B) {
	const group = 256
	p := emit.NewProcessor()
	ctx, r := emitted(b, podRecord())
	b.ReportAllocs()
	size := 0
	for i := 0; b.Loop(); i++ {
		_ = p.OnEmit(ctx, r)
		if i%group == group-1 {
			size = len(p.Take()[0])
		}
	}
	b.ReportMetric(float64(size), "B/record")
}

func TestOTLPEncodingAllocatesNothing(t *testing.T) {
	const group = 256
	p := emit.NewProcessor()
	ctx, r := emitted(t, podRecord())
	perGroup := testing.AllocsPerRun(20, func() {
		for range group {
			_ = p.OnEmit(ctx, r)
		}
		p.Take()
	})
	if perGroup > 10 {
		t.Errorf("%.0f allocations for %d records, want a few for all of them", perGroup, group)
	}
}
