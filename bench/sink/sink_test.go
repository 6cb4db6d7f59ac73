package sink

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	otelattribute "go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
)

func version(n int) string { return fmt.Sprintf("%s%0*d", apiserver.Mark, apiserver.VersionDigits, n) }

func identity(version int) int { return version }

// TestSink has the stock exporter send records: of the events 0 to 9 without 5,
// with one number twice.
func TestSink(t *testing.T) {
	tally := NewTally(identity)
	s, err := Start(tally)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tally.Expect(0, 10)
	exporter, err := otlploggrpc.New(t.Context(), otlploggrpc.WithEndpoint(s.Address()), otlploggrpc.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	logger := provider.Logger("test")
	for _, n := range []int{0, 1, 2, 3, 4, 6, 7, 8, 9, 9} {
		var r log.Record
		r.SetBody(otelattribute.StringValue("pod changed"))
		r.AddAttributes(otelattribute.String("resource_version", version(n)), otelattribute.Int("podstatus.seq", n+1))
		logger.Emit(t.Context(), r)
	}
	began := time.Now()
	if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	got := tally.Result()
	if got.Records != 10 || got.Events != 9 || got.Gaps != 1 || got.Duplicates != 1 || tally.State().Last != 9 {
		t.Errorf("got %+v", got)
	}
	for event, at := range got.Arrived {
		if event == 5 != at.IsZero() || !at.IsZero() && time.Since(at) > time.Since(began)+time.Second {
			t.Errorf("event %d arrived at %v", event, at)
		}
	}
}

// TestMarkInTime: what looks like the beginning of a resourceVersion is none.
func TestMarkInTime(t *testing.T) {
	tally := NewTally(identity)
	tally.Expect(0, 10)
	tally.Add([]byte(`{"time":"2026-11-24T16:12:11.`+apiserver.Mark+`12Z","resource_version":"`+version(7)+`"}`), 1,
		time.Now())
	if got := tally.Result(); got.Events != 1 || got.Arrived[7].IsZero() {
		t.Errorf("got %+v", got)
	}
}

func TestEachRecordRefusesWhatIsNoRequest(t *testing.T) {
	if err := EachRecord([]byte{0x0a, 200}, func([]byte) {}); err == nil {
		t.Error("no error")
	}
}

func TestLines(t *testing.T) {
	tally := NewTally(identity)
	tally.Expect(2, 3)
	tally.Lines(strings.NewReader(
		`{"resource_version":"` + version(1) + `","seq":1}` + "\n" + // of the first list
			`{"seq":2,"resource_version":"` + version(2) + `"}` + "\n" +
			`{"seq":4,"resource_version":"` + version(4) + `"}` + "\n" +
			`{"seq":5,"resource_version":"` + version(3)[:9])) // cut
	got := tally.Result()
	if got.Records != 3 || got.Events != 2 || got.Gaps != 1 || got.Duplicates != 0 || !got.Arrived[1].IsZero() ||
		tally.State().Last != 4 {
		t.Errorf("got %+v, %+v", got, tally.State())
	}
}
