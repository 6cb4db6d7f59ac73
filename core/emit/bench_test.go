package emit_test

import (
	"io"
	"testing"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
)

// sdkRecord is a record as processors get it: about a container, with ten labels.
func sdkRecord(tb testing.TB) *sdklog.Record {
	tb.Helper()
	return &exported(tb, emit.Settings{Cluster: "prod-eu"}, newUpdate(templateLabels()))[0]
}

func BenchmarkStdoutEncode(b *testing.B) {
	format, r := emit.NewJSON(), emit.Own(sdkRecord(b))
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = format.Append(line[:0], r)
	}
	b.SetBytes(int64(len(line)))
}

func BenchmarkPrettyEncode(b *testing.B) {
	format, r := emit.Pretty{Color: true}, emit.Own(sdkRecord(b))
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = format.Append(line[:0], r)
	}
}

// BenchmarkEmit is the cost of a record without sinks.
func BenchmarkEmit(b *testing.B) {
	benchmarkEmit(b, emit.Settings{Cluster: "prod-eu"})
}

// BenchmarkEmitStdout is the same with lines written, in groups of 256.
func BenchmarkEmitStdout(b *testing.B) {
	stdout := emit.NewStdout(io.Discard, emit.NewJSON(), func(err error) { b.Error(err) })
	benchmarkEmit(b, emit.Settings{Cluster: "prod-eu", Stdout: stdout})
}

// BenchmarkEmitBoth is the same with lines written and records encoded.
func BenchmarkEmitBoth(b *testing.B) {
	stdout := emit.NewStdout(io.Discard, emit.NewJSON(), func(err error) { b.Error(err) })
	benchmarkEmit(b, emit.Settings{Cluster: "prod-eu", Stdout: stdout, OTLP: true})
}

func benchmarkEmit(b *testing.B, s emit.Settings) {
	b.Helper()
	const group = 256
	emitter := emit.New(s)
	r := newUpdate(templateLabels())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := emitter.Emit(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		if i%group != group-1 {
			continue
		}
		if err := emitter.Write(b.Context(), emitter.Take()); err != nil {
			b.Fatal(err)
		}
	}
}

// Encoding happens for every record, between the API server and the line.
func TestEncodingAllocatesNothing(t *testing.T) {
	format, r := emit.NewJSON(), emit.Own(sdkRecord(t))
	line := format.Append(nil, r)
	if n := testing.AllocsPerRun(100, func() { line = format.Append(line[:0], r) }); n != 0 {
		t.Errorf("%v allocations for a line, want 0", n)
	}
}
