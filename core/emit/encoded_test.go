package emit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
)

// emitted emits a create record with this message.
func emitted(tb testing.TB, e *emit.Emitter, message string) {
	tb.Helper()
	r := newCreate(nil)
	r.Message = message
	if err := e.Emit(tb.Context(), r); err != nil {
		tb.Fatal(err)
	}
}

// Records belong to whoever takes them.
func TestTakeHandsOverRecords(t *testing.T) {
	e := emit.New(emit.Settings{OTLP: true})
	if got := e.Take(); got.Records != nil || got.Lines != nil {
		t.Fatalf("took %+v from an emitter without records", got)
	}
	emitted(t, e, "first")
	first := e.Take().Records
	before := string(first[0])
	emitted(t, e, "other")
	emitted(t, e, "third")
	if string(first[0]) != before {
		t.Error("a taken record has been overwritten")
	}
	second := e.Take()
	if len(second.Records) != 2 || second.Lines != nil {
		t.Fatalf("took %d records and %q, want the 2 that were staged", len(second.Records), second.Lines)
	}
	before = string(second.Records[1])
	_ = append(second.Records[0], "over the end"...)
	if string(second.Records[1]) != before {
		t.Error("appending to one record overwrites the next")
	}
}

func TestBurstIsNotKept(t *testing.T) {
	e := emit.New(emit.Settings{OTLP: true})
	emitted(t, e, strings.Repeat("x", 2<<20))
	e.Take()
	emitted(t, e, "small")
	records := e.Take().Records
	if len(records) != 1 || cap(records[0]) > 1<<10 {
		t.Errorf("got %d records, the first with %d bytes", len(records), cap(records[0]))
	}
}

// Without an OTLP receiver nothing is encoded.
func TestNothingEncoded(t *testing.T) {
	e := emit.New(emit.Settings{})
	emitted(t, e, "only for processors")
	if got := e.Take(); got.Records != nil || got.Lines != nil {
		t.Errorf("took %+v", got)
	}
}

// attributes30 is a record of 30 attributes, of which 10 describe the pod.
func attributes30(tb testing.TB) emit.Record {
	tb.Helper()
	labels := make(map[string]string)
	for i := range 4 {
		labels[fmt.Sprint("example.org/label-", i)] = "value"
	}
	r := emit.Own(&exported(tb, emit.Settings{Cluster: "prod-eu"}, newUpdate(labels))[0])
	if n := len(r.Attributes); n != 30 {
		tb.Fatalf("%d attributes, want 30", n)
	}
	return r
}

// BenchmarkOTLPEncode encodes records of 30 attributes in groups of 256.
func BenchmarkOTLPEncode(b *testing.B) {
	const group = 256
	var e emit.Encoder
	r := attributes30(b)
	b.ReportAllocs()
	size := 0
	for i := 0; b.Loop(); i++ {
		e.Encode(r)
		if i%group == group-1 {
			size = len(e.Take()[0])
		}
	}
	b.ReportMetric(float64(size), "B/record")
}

func TestOTLPEncodingAllocatesNothing(t *testing.T) {
	const group = 256
	var e emit.Encoder
	r := attributes30(t)
	perGroup := testing.AllocsPerRun(20, func() {
		for range group {
			e.Encode(r)
		}
		e.Take()
	})
	if perGroup > 10 {
		t.Errorf("%.0f allocations for %d records, want a few for all of them", perGroup, group)
	}
}
