package bundle

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestParseTrace(t *testing.T) {
	const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
	for _, c := range []struct{ value, want string }{
		{traceparent, traceparent},
		{"00-" + ids + "-00", "00-" + ids + "-00"},
		{"00-" + ids + "-02", "00-" + ids + "-02"},
		{"00-" + ids + "-ff", "00-" + ids + "-03"},
		{"00-" + ids + "-f8", "00-" + ids + "-00"},
		{"01-" + ids + "-01", traceparent},
		{"fe-" + ids + "-01-more", traceparent},
		{`{"traceparent":"` + traceparent + `"}`, traceparent},
		{`{"tracestate":"a=b","traceparent":"` + traceparent + `"}`, traceparent},

		{"", ""},
		{"00-" + ids, ""},
		{"00-" + ids + "-0", ""},
		{"00-" + ids + "-01-more", ""},
		{"00-" + ids + "-01 ", ""},
		{" 00-" + ids + "-01", ""},
		{"fe-" + ids + "-01more", ""},
		{"ff-" + ids + "-01", ""},
		{"0g-" + ids + "-01", ""},
		{"00-" + ids + "-0x", ""},
		{"00-" + strings.ToUpper(ids) + "-01", ""},
		{"00-00000000000000000000000000000000-b7ad6b7169203331-01", ""},
		{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", ""},
		{"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""},
		{"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01", ""},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01", ""},
		{`{"traceparent":1}`, ""},
		{`{"traceparent":"` + traceparent, ""},
		{`{}`, ""},
		{`["` + traceparent + `"]`, ""},
	} {
		if got := parseTrace(c.value); got != c.want {
			t.Errorf("%q: got %q, want %q", c.value, got, c.want)
		}
	}
}

// TestDerivation checks the derivation, which is part of the contract. The ids are the results
// of
//
//	printf '\x0ehelm/prod/shop\x051.2.3' | sha256sum | cut -c1-32
//	(printf 084039a5a8e5112a016259bbe7148f7d | xxd -r -p; printf 4f6d) | sha256sum | cut -c1-16
func TestDerivation(t *testing.T) {
	for _, c := range []struct{ id, version, uid, want string }{
		{"helm/prod/shop", "1.2.3", "4f6d", "00-084039a5a8e5112a016259bbe7148f7d-06cffa92f5d39222-00"},
		{"helm/prod/shop", "1.2.3", "other", "00-084039a5a8e5112a016259bbe7148f7d-@-00"},
		{"helm/prod/shop", "1.2.4", "4f6d", "00-@-@-00"},
		{"helm/prod/shop1", ".2.3", "4f6d", "00-@-@-00"},
	} {
		got := deriveTrace(c.id, c.version, c.uid)
		if got != c.want && !strings.Contains(c.want, "@") {
			t.Errorf("%s %s: got %s, want %s", c.id, c.version, got, c.want)
		}
		known, _, _ := strings.Cut(c.want, "@")
		if !strings.HasPrefix(got, known) || !isValid(got) {
			t.Errorf("%s %s: got %s, want %s", c.id, c.version, got, c.want)
		}
	}
	seen := map[string]bool{}
	for _, c := range [][2]string{
		{"a", ""},
		{"", "a"},
		{"a", "b"},
		{"ab", ""},
		{"\x01a", "b"},
		{strings.Repeat("a", 200), ""},
		{strings.Repeat("a", 400), ""},
	} {
		id := deriveTrace(c[0], c[1], "u")[traceIDAt : traceIDAt+32]
		if seen[id] {
			t.Errorf("%q has the trace of another one", c)
		}
		seen[id] = true
	}
}

func TestNotZero(t *testing.T) {
	zero, one := make([]byte, 8), []byte{1, 0}
	notZero(zero)
	notZero(one)
	if zero[7] != 1 || one[1] != 0 {
		t.Errorf("got %x and %x", zero, one)
	}
}

// FuzzParseTrace compares with the host's parser, which must accept the result and return the
// same.
func FuzzParseTrace(f *testing.F) {
	for _, seed := range []string{traceparent, "cc" + traceparent[2:] + "-x", `{"traceparent":"` + traceparent + `"}`, "{", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := parseTrace(value)
		if got != "" && !isValid(got) {
			t.Errorf("%q gave %q", value, got)
		}
		if !strings.HasPrefix(value, "{") {
			want := read(value)
			if want.IsValid() && got != "" && read(got).TraceID() != want.TraceID() {
				t.Errorf("%q gave %q", value, got)
			}
		}
	})
}

// isValid reports whether the host accepts a traceparent.
func isValid(traceparent string) bool {
	return len(traceparent) == traceparentLen && read(traceparent).IsValid()
}

func read(traceparent string) trace.SpanContext {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
	return trace.SpanContextFromContext(ctx)
}
