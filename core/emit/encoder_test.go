package emit_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// newRecord returns a record that has everything, for cases to add to.
func newRecord(attrs ...attribute.KeyValue) log.Record {
	var r log.Record
	r.SetEventName("podstatus.update")
	r.SetTimestamp(received)
	r.SetObservedTimestamp(received.Add(time.Millisecond))
	r.SetSeverity(log.SeverityWarn)
	r.SetSeverityText("WARN")
	r.SetBody(attribute.StringValue("container app waits"))
	r.AddAttributes(attrs...)
	return r
}

func records() map[string]log.Record {
	var empty, odd log.Record
	odd.SetBody(attribute.MapValue(attribute.String("a", "b"), attribute.Slice("c", attribute.Value{})))
	odd.SetSeverity(99)
	odd.SetTimestamp(time.Unix(-5, 0))

	many := make([]attribute.KeyValue, 200)
	for i := range many {
		many[i] = attribute.String(fmt.Sprintf("k8s.pod.label.%d", i), strings.Repeat("x", i))
	}
	return map[string]log.Record{
		"empty":         empty,
		"odd":           odd,
		"no attributes": newRecord(),
		"many":          newRecord(many...),
		"long body": func() log.Record {
			r := newRecord()
			r.SetBody(attribute.StringValue(strings.Repeat("ü", 1<<16)))
			return r
		}(),
		"unicode":       newRecord(attribute.String("schlüssel", "值 \u2028 🙂\x00")),
		"empty strings": newRecord(attribute.String("k", ""), attribute.String(record.AttrNode, "")),
		"duplicates":    newRecord(attribute.String("twice", "a"), attribute.Int("twice", 2)),
		"pod": newRecord(
			attribute.String(record.AttrReason, "CrashLoopBackOff"),
			attribute.String(record.AttrPodName, "web-0"),
			attribute.String(record.AttrServiceName, "web"), // also the provider's
			attribute.Int(record.AttrRestartCount, 3),
			attribute.String(record.AttrNamespace, "shop"),
		),
		"promoted twice": newRecord(
			attribute.String(record.AttrPodName, "old"),
			attribute.String(record.AttrPodName, "new"),
		),
		"scalars": newRecord(
			attribute.Bool("true", true), attribute.Bool("false", false),
			attribute.Int64("zero", 0), attribute.Int64("min", math.MinInt64), attribute.Int64("max", math.MaxInt64),
			attribute.Float64("0.0", 0), attribute.Float64("-0.0", math.Copysign(0, -1)),
			attribute.Float64("inf", math.Inf(-1)), attribute.Float64("nan", math.NaN()), attribute.Float64("pi", math.Pi),
			attribute.ByteSlice("bytes", []byte{0, 0xff, 'a'}), attribute.ByteSlice("no bytes", nil),
			attribute.KeyValue{Key: "empty"},
		),
		"slices": newRecord(
			attribute.BoolSlice("bools", []bool{true, false}), attribute.BoolSlice("none", nil),
			attribute.Int64Slice("ints", []int64{-1, 0, 1, 2, 3}), attribute.IntSlice("one", []int{0}),
			attribute.Float64Slice("floats", []float64{0, 1.5}),
			attribute.StringSlice("strings", []string{"", "a", strings.Repeat("long", 100)}),
			attribute.Slice("mixed", attribute.IntValue(1), attribute.Value{}, attribute.SliceValue(),
				attribute.MapValue(attribute.Bool("in", false))),
		),
		"maps": newRecord(
			attribute.Map("flat", attribute.String("b", "2"), attribute.String("a", "1")), attribute.Map("none"),
			attribute.Map("deep",
				attribute.Map("er", attribute.Slice("still", attribute.StringValue(strings.Repeat("y", 300))))),
		),
	}
}

// TestEncodesLikeStockExporter sends the same records through both.
func TestEncodesLikeStockExporter(t *testing.T) {
	spans := map[string]trace.SpanContext{
		"without trace": {},
		"with trace": trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1, 2, 15: 3}, SpanID: trace.SpanID{4, 7: 5}, TraceFlags: trace.FlagsSampled,
		}),
	}
	providers := map[string][]sdklog.LoggerProviderOption{
		"plain":       {sdklog.WithResource(resource.Empty())},
		"no resource": {sdklog.WithResource(nil)},
		"limited":     {sdklog.WithAttributeCountLimit(3)},
		"ours": {
			sdklog.WithResource(resource.NewWithAttributes("https://example.org/schema",
				attribute.String("deployment.environment.name", "prod"), attribute.Int("process.pid", 1))),
			sdklog.WithAttributeCountLimit(-1),
			sdklog.WithAllowKeyDuplication(),
		},
	}
	scopes := map[string][]log.LoggerOption{
		"":     nil,
		"name": nil,
		"full": {
			log.WithInstrumentationVersion("v1"), log.WithSchemaURL("https://example.org/scope"),
			log.WithInstrumentationAttributes(attribute.String("a", "b")),
		},
	}
	for providerName, options := range providers {
		for scope, scopeOptions := range scopes {
			both := newComparison(t, options)
			logger := both.provider.Logger(scope, scopeOptions...)
			for name, r := range records() {
				for spanName, span := range spans {
					t.Run(strings.Join([]string{providerName, scope, name, spanName}, "/"), func(t *testing.T) {
						logger.Emit(trace.ContextWithSpanContext(t.Context(), span), r)
						both.compare(t)
					})
				}
			}
		}
	}
}

// comparison is a provider whose records go to the stock exporter and to ours.
type comparison struct {
	provider *sdklog.LoggerProvider
	ours     *emit.Encoder
	stock    []byte // the last request
}

func newComparison(t *testing.T, options []sdklog.LoggerProviderOption) *comparison {
	c := &comparison{ours: new(emit.Encoder)}
	capture := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		c.stock = body
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}}, err
	})
	exporter, err := otlploghttp.New(t.Context(), otlploghttp.WithHTTPClient(&http.Client{Transport: capture}))
	if err != nil {
		t.Fatal(err)
	}
	// Without the service of this program, which is left out: see TestForeignPod.
	c.provider = sdklog.NewLoggerProvider(append([]sdklog.LoggerProviderOption{
		sdklog.WithResource(resource.NewSchemaless(attribute.String("deployment.environment.name", "prod"))),
		sdklog.WithProcessor(sdklog.NewSimpleProcessor(exporter)),
		sdklog.WithProcessor(c.ours),
	}, options...)...)
	t.Cleanup(func() {
		if err := c.provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (c *comparison) compare(t *testing.T) {
	t.Helper()
	taken := c.ours.Take()
	if len(taken) != 1 {
		t.Fatalf("staged %d records, want 1", len(taken))
	}
	want, got := decodeRequest(t, c.stock), decodeRequest(t, taken[0])
	if n := len(got.GetResourceLogs()); n != 1 {
		t.Fatalf("got %d ResourceLogs, want 1", n)
	}
	promote(want.GetResourceLogs()[0])
	sortResource(want)
	sortResource(got)
	if !proto.Equal(want, got) {
		t.Errorf("differs from the stock exporter (-stock +ours):\n%s", cmp.Diff(want, got, protocmp.Transform()))
	}
	// Canonical: written again, it has the same length.
	if n := proto.Size(got); n != len(taken[0]) {
		t.Errorf("encoded in %d bytes, want %d", len(taken[0]), n)
	}
}

// sortResource makes the order of a resource's attributes, which means nothing,
// the same.
func sortResource(r *collectorpb.ExportLogsServiceRequest) {
	attrs := r.GetResourceLogs()[0].GetResource().GetAttributes()
	slices.SortFunc(attrs, func(a, b *commonpb.KeyValue) int { return strings.Compare(a.GetKey(), b.GetKey()) })
}

// promote does on decoded records what the encoder does on the wire.
func promote(logs *logspb.ResourceLogs) {
	r := logs.GetScopeLogs()[0].GetLogRecords()[0]
	var own []*commonpb.KeyValue
	attrs := logs.GetResource().GetAttributes()
	for _, kv := range r.GetAttributes() {
		if f := record.ByAttribute(kv.GetKey()); f == nil || f.Place != record.Resource {
			own = append(own, kv)
			continue
		}
		attrs = slices.DeleteFunc(attrs, func(other *commonpb.KeyValue) bool { return other.GetKey() == kv.GetKey() })
		attrs = append(attrs, kv)
	}
	r.Attributes = own
	if len(attrs) > 0 {
		logs.Resource = &resourcepb.Resource{Attributes: attrs}
	}
}

func decodeRequest(t testing.TB, b []byte) *collectorpb.ExportLogsServiceRequest {
	t.Helper()
	var r collectorpb.ExportLogsServiceRequest
	if err := proto.Unmarshal(b, &r); err != nil {
		t.Fatalf("decode request: %v", err)
	}
	return &r
}

func TestJoinedRecordsAreOneRequest(t *testing.T) {
	p := new(emit.Encoder)
	logger := sdklog.NewLoggerProvider(sdklog.WithProcessor(p)).Logger("test")
	for i := range 3 {
		var r log.Record
		r.SetBody(attribute.IntValue(i))
		logger.Emit(t.Context(), r)
	}
	got := decodeRequest(t, bytes.Join(p.Take(), nil))
	if n := len(got.GetResourceLogs()); n != 3 {
		t.Fatalf("got %d records, want 3", n)
	}
	for i, logs := range got.GetResourceLogs() {
		if body := logs.GetScopeLogs()[0].GetLogRecords()[0].GetBody().GetIntValue(); body != int64(i) {
			t.Errorf("record %d has body %d", i, body)
		}
	}
}

func TestInvalidUTF8IsMadeValid(t *testing.T) {
	p := new(emit.Encoder)
	logger := sdklog.NewLoggerProvider(sdklog.WithProcessor(p)).Logger("scope\xff")
	r := newRecord(
		attribute.String("key\xff", "value\xfe"),
		attribute.String(record.AttrPodName, "\x80"),
		attribute.StringSlice("s", []string{"\xc3"}),
		attribute.Map("m", attribute.String("\xe2\x82", "\xf0")),
	)
	r.SetBody(attribute.StringValue("a\xffb"))
	r.SetEventName("\xff")
	logger.Emit(t.Context(), r)
	got := decodeRequest(t, p.Take()[0]).GetResourceLogs()[0].GetScopeLogs()[0].GetLogRecords()[0]
	if body := got.GetBody().GetStringValue(); body != "a\uFFFDb" {
		t.Errorf("body is %q", body)
	}
	if key := got.GetAttributes()[0].GetKey(); key != "key\uFFFD" {
		t.Errorf("key is %q", key)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("body", "key", "value", []byte("bytes"), int64(1), 1.5, uint8(3))
	f.Add("\xff", record.AttrPodName, "\x00", []byte(nil), int64(-1), math.Inf(1), uint8(255))
	f.Add(strings.Repeat("a", 1<<14), "", strings.Repeat("\xc3", 130), []byte{0xff}, int64(0), 0.0, uint8(0))
	f.Fuzz(func(t *testing.T, body, key, value string, bytes []byte, i int64, x float64, n uint8) {
		p := new(emit.Encoder)
		logger := sdklog.NewLoggerProvider(sdklog.WithProcessor(p), sdklog.WithAttributeCountLimit(-1)).
			Logger(key, log.WithInstrumentationVersion(value))
		r := newRecord(attribute.String(key, value), attribute.ByteSlice("bytes"+key, bytes),
			attribute.Map(value, attribute.Int64(key, i),
				attribute.Slice(value, attribute.Float64Value(x), attribute.StringValue(body))))
		for range n {
			r.AddAttributes(attribute.String(fmt.Sprint(key, r.AttributesLen()), value))
		}
		r.SetBody(attribute.StringValue(body))
		r.SetSeverity(log.Severity(i))
		r.SetTimestamp(time.Unix(0, i))
		logger.Emit(t.Context(), r)
		got := decodeRequest(t, p.Take()[0])
		text := got.GetResourceLogs()[0].GetScopeLogs()[0].GetLogRecords()[0].GetBody().GetStringValue()
		if text != strings.ToValidUTF8(body, "\uFFFD") {
			t.Errorf("body %q came out as %q", body, text)
		}
	})
}

// TestForeignPod: attributes in the environment about the pod of this program don't get
// into records of other pods.
func TestForeignPod(t *testing.T) {
	p := new(emit.Encoder)
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(p), sdklog.WithResource(resource.NewSchemaless(
		attribute.String("k8s.node.name", "mine"), attribute.String("service.version", "mine"),
		attribute.String("deployment.environment.name", "prod"))))
	var r log.Record
	r.AddAttributes(attribute.String("k8s.pod.name", "p"))
	provider.Logger("test").Emit(t.Context(), r)
	got := map[string]string{}
	for _, kv := range decodeRequest(t, p.Take()[0]).GetResourceLogs()[0].GetResource().GetAttributes() {
		got[kv.GetKey()] = kv.GetValue().GetStringValue()
	}
	if diff := cmp.Diff(map[string]string{"k8s.pod.name": "p", "deployment.environment.name": "prod"}, got); diff != "" {
		t.Errorf("resource (-want +got):\n%s", diff)
	}
}
