package otlp_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	traceservicepb "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
)

// encodeSpans returns requests of one span each, with these names.
func encodeSpans(t *testing.T, names ...string) [][]byte {
	t.Helper()
	spans := make([][]byte, len(names))
	for i, name := range names {
		var err error
		spans[i], err = proto.Marshal(&traceservicepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{
			{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{{Name: name}}}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return spans
}

// spanNames are the names of all spans that the receiver took, in order.
func spanNames(r *otlptest.Receiver) (names []string) {
	for _, request := range r.Requests() {
		for _, resource := range request.Spans {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					names = append(names, span.GetName())
				}
			}
		}
	}
	return names
}

// tracesHarness is a sender of spans.
func tracesHarness(t *testing.T, r *otlptest.Receiver, o otlptest.Options) *harness {
	t.Helper()
	h := newHarness(t, r, o)
	h.settings.Signal = otlp.Traces
	if o.HTTP {
		h.settings.Endpoint.Path = "/v1/traces"
	}
	return h
}

// TestTracesAreSent: spans go to the service for traces by the same sender, with the same
// retries, and are called spans in the log.
func TestTracesAreSent(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := tracesHarness(t, otlptest.New(t, o), o)
		h.receiver.Play(otlptest.Unavailable(), otlptest.Fault{Lost: true, Close: true})
		if err := h.outbox.Commit(t.Context(), groupOf(encodeSpans(t, numbered(5)...)...)); err != nil {
			t.Fatal(err)
		}
		h.start()
		h.drain()
		want := append(numbered(5), numbered(5)...) // again after the lost answer
		if diff := cmp.Diff(want, spanNames(h.receiver)); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		h.wantReceived()
		h.wantLogged("accepts no spans", "spans_waiting=5", "is back")
		if strings.Contains(h.log.String(), "record") {
			t.Errorf("the log is about records:\n%s", h.log)
		}
		h.stop()
		for _, r := range h.requests {
			if r.Signal != otlp.Traces {
				t.Errorf("a request is of signal %q", r.Signal)
			}
		}
	})
}

// TestTracesPartialSuccess: rejected spans are counted and reported, and not sent again.
func TestTracesPartialSuccess(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := tracesHarness(t, otlptest.New(t, o), o)
		h.receiver.Play(otlptest.Fault{Rejected: 2, Message: "too old"})
		if err := h.outbox.Commit(t.Context(), groupOf(encodeSpans(t, numbered(3)...)...)); err != nil {
			t.Fatal(err)
		}
		h.start()
		h.drain()
		if diff := cmp.Diff(numbered(3), spanNames(h.receiver)); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		h.wantLogged("rejected some of its spans", "rejected=2", `message="too old"`)
		if got := h.outbox.Stats().Signals[journal.Logs].Totals; got.Rejected != 2 || got.Acknowledged != 3 {
			t.Errorf("%d rejected and %d acknowledged, want 2 of 3", got.Rejected, got.Acknowledged)
		}
	})
}

// TestTracesRefused: a span that the receiver refuses is dropped, alone, and is no dead letter.
func TestTracesRefused(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := tracesHarness(t, otlptest.New(t, o), o)
		h.settings.MaxRecords = 1
		h.receiver.Play(otlptest.Fault{Code: codes.InvalidArgument, Status: 400, Message: "bad span"})
		if err := h.outbox.Commit(t.Context(), groupOf(encodeSpans(t, "bad", "good")...)); err != nil {
			t.Fatal(err)
		}
		h.start()
		h.drain()
		if diff := cmp.Diff([]string{"good"}, spanNames(h.receiver)); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		h.wantLogged("refused a span permanently", "bad span")
		stats := h.outbox.Stats()
		if got := stats.Signals[journal.Logs].Totals; stats.DeadRecords != 0 || got.Rejected != 1 || got.Acknowledged != 2 {
			t.Errorf("%d dead letters, %d rejected, %d acknowledged, want 0, 1, 2", stats.DeadRecords, got.Rejected,
				got.Acknowledged)
		}
	})
}

// TestSignalSettings: each signal has a path and variables of its own.
func TestSignalSettings(t *testing.T) {
	for i, signal := range []otlp.Signal{otlp.Logs, otlp.Traces, otlp.Metrics} {
		t.Run(string(signal), func(t *testing.T) {
			own := "OTEL_EXPORTER_OTLP_" + strings.ToUpper(string(signal)) + "_TIMEOUT=" + strconv.Itoa(i+1)
			s, err := otlp.SettingsFromEnv(signal, otlp.Config{}, environment(
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
				"OTEL_EXPORTER_OTLP_TIMEOUT=99", own,
			))
			if err != nil {
				t.Fatal(err)
			}
			if want := "http://c:4318/v1/" + string(signal); s.Signal != signal || s.Target() != want ||
				s.Timeout != time.Duration(i+1)*time.Millisecond {
				t.Errorf("signal %q to %s with timeout %s, want %q to %s with %d ms", s.Signal, s.Target(), s.Timeout, signal, want,
					i+1)
			}
		})
	}
}
