package otlp_test

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestTakeHandsOver(t *testing.T) {
	p := otlp.NewProcessor()
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
	p := otlp.NewProcessor()
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
func podRecord() log.Record {
	attrs := []attribute.KeyValue{
		attribute.String(record.AttrAction, "update"),
		attribute.String(record.AttrState, "waiting"),
		attribute.String(record.AttrReason, "CrashLoopBackOff"),
		attribute.String(record.AttrInfo, "back-off 5m0s restarting failed container=app pod=web-0_shop(8f3a)"),
		attribute.String(record.AttrPodName, "web-5d9c7b8f66-x2x7q"),
		attribute.String(record.AttrNamespace, "shop"),
		attribute.String(record.AttrPodUID, "8f3a6c0e-6f0c-4d62-9c53-0d0a4dcb1c5e"),
		attribute.String(record.AttrNode, "node-17"),
		attribute.String(record.AttrCluster, "prod-eu"),
		attribute.String(record.AttrServiceName, "web"),
		attribute.String(record.AttrServiceNS, "shop"),
		attribute.String(record.AttrServiceVersion, "1.2.3"),
		attribute.String(record.AttrServiceInstance, "shop.web-5d9c7b8f66-x2x7q.app"),
		attribute.String(record.AttrDeployment, "web"),
		attribute.String(record.AttrPhase, "Running"),
		attribute.String(record.AttrContainer, "app"),
		attribute.String(record.AttrContainerType, "container"),
		attribute.String(record.AttrImage, "registry.example.org/shop/web:1.2.3"),
		attribute.Bool(record.AttrReady, false),
		attribute.Int(record.AttrRestartCount, 17),
		attribute.String(record.AttrContainerState, "waiting"),
		attribute.String(record.AttrResourceVersion, "123456789"),
		attribute.String(record.AttrID, "0123456789abcdef0123456789abcdef"),
		attribute.Int64(record.AttrSeq, 987654),
	}
	for i := len(attrs); i < 30; i++ {
		attrs = append(attrs, attribute.String(fmt.Sprintf("k8s.pod.label.example.org/label-%d", i), "value"))
	}
	return newRecord(attrs...)
}

// emitted returns records as a processor gets them.
func emitted(tb testing.TB, r log.Record) *sdklog.Record {
	tb.Helper()
	var got sdklog.Record
	sdklog.NewLoggerProvider(
		sdklog.WithAttributeCountLimit(-1),
		sdklog.WithAllowKeyDuplication(),
		sdklog.WithProcessor(keepLast{otlp.NewProcessor(), &got}),
	).Logger("test").Emit(tb.Context(), r)
	return &got
}

// BenchmarkEncode encodes records of 30 attributes in groups of 256.
func BenchmarkEncode(b *testing.B) {
	const group = 256
	p := otlp.NewProcessor()
	r := emitted(b, podRecord())
	b.ReportAllocs()
	size := 0
	for i := 0; b.Loop(); i++ {
		_ = p.OnEmit(b.Context(), r)
		if i%group == group-1 {
			size = len(p.Take()[0])
		}
	}
	b.ReportMetric(float64(size), "B/record")
}

func TestEncodingAllocatesNextToNothing(t *testing.T) {
	const group = 256
	p := otlp.NewProcessor()
	r := emitted(t, podRecord())
	perGroup := testing.AllocsPerRun(20, func() {
		for range group {
			_ = p.OnEmit(t.Context(), r)
		}
		p.Take()
	})
	if perGroup > group {
		t.Errorf("%.1f allocations per record, want at most 1", perGroup/group)
	}
}
