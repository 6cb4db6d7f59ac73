package emit_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// prettyRecords are a lifecycle, and what people should not stumble over.
func prettyRecords(t *testing.T) []*record.Record {
	t.Helper()
	lines := goldenRecords(t)
	records := slices.Concat(lines["lifecycle"], lines["pod"], lines["unscheduled"], lines["initial"], lines["recovered"],
		lines["causes"])
	both := newUpdate(nil)
	both.Initial, both.Recovered = true, true

	deleting := newUpdate(nil)
	deleting.Container, deleting.Message = nil, "pod shop/web-5d9c7b8f66-x2x7q is being deleted"
	unexplained := newUpdate(nil)
	unexplained.Reason, unexplained.Message = "", "container app of pod shop/web-5d9c7b8f66-x2x7q is waiting"
	short := newUpdate(nil)
	short.Container, short.Info, short.Message = nil, "", "pod shop/web-5d9c7b8f66-x2x7q is being deleted"

	long := newUpdate(nil)
	long.Pod.Name = strings.Repeat("long-", 40) + "name"
	long.Message = "container app of pod shop/" + long.Pod.Name + " is waiting: CrashLoopBackOff"
	other := newUpdate(nil)
	other.Message = "said in another way"

	steering := newUpdate(nil)
	steering.Info = "\x1b[2J\x1b]0;title\a red \x1b[31m, C1 \u009b31m, back \b\r\n\t, null \x00, delete \x7f, lines " +
		"\u2028\u2029, " +
		"direction \u202e\u2066, width \u200b\ufeff, tag \U000e0001, broken \xff, fine: zażółć 🚀 \u00a0日本"
	steering.Message = "container app of pod shop/web-5d9c7b8f66-x2x7q is waiting: \x1b[0m"
	steering.Pod.Namespace = "shop\x1b[1m"

	shipped := newUpdate(nil)
	shipped.Attributes = []attribute.KeyValue{
		attribute.String("bundle.name", "shop"), attribute.String("bundle.version", "1.2.3"),
	}
	shipped.SpanContext = trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 0xcd, 0xef}, SpanID: trace.SpanID{1},
	})
	failed := newUpdate(nil)
	failed.Attributes = []attribute.KeyValue{attribute.String("bundle.name", "\x1b[31mshop")}
	failed.Enrichment = "team: deadline exceeded\x1b[2J"
	return append(records, both, deleting, unexplained, short, long, other, steering, shipped, failed)
}

func TestPretty(t *testing.T) {
	records := prettyRecords(t)
	plain := written(t, emit.Pretty{}, records...)
	golden(t, "pretty.txt", plain)
	colored := written(t, emit.Pretty{Color: true}, records...)
	golden(t, "pretty-color.txt", colored)

	if n := strings.Count(plain, "\n"); n != len(records) {
		t.Errorf("%d lines for %d records", n, len(records))
	}
	for _, c := range plain {
		if !unicode.IsGraphic(c) && c != '\n' {
			t.Errorf("the terminal gets %U", c)
		}
	}
	for _, color := range []string{"\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"} {
		colored = strings.ReplaceAll(colored, color, "")
	}
	if colored != plain {
		t.Error("with colour, more differs than colour")
	}
}

// Colours end in the line in which they begin.
func TestPrettyColorsEnd(t *testing.T) {
	for line := range strings.Lines(written(t, emit.Pretty{Color: true}, prettyRecords(t)...)) {
		if all, ends := strings.Count(line, "\x1b["), strings.Count(line, "\x1b[0m"); all != 2*ends || ends == 0 {
			t.Errorf("%d colours end of %d in %q", ends, all-ends, line)
		}
	}
}

func FuzzPretty(f *testing.F) {
	f.Add("name", "info", "said")
	f.Add("\x1b[2J", "\u009b", "\U000e0001\u202e\xff")
	f.Fuzz(func(t *testing.T, name, info, message string) {
		r := newUpdate(nil)
		r.Pod.Name, r.Info, r.Message = name, info, message
		line := written(t, emit.Pretty{}, r)
		body, ok := strings.CutSuffix(line, "\n")
		if !ok {
			t.Errorf("no line: %q", line)
		}
		for _, c := range body {
			if !unicode.IsGraphic(c) {
				t.Errorf("the terminal gets %U in %q", c, line)
			}
		}
	})
}

// TestPrettyNarrow: the narrower the terminal, the less a line has, and it fits.
func TestPrettyNarrow(t *testing.T) {
	r := newUpdate(nil)
	r.Pod.Name, r.Info = "checkout-6b8f9d7d5c-l9w3t", ""
	r.Message = "container app of pod shop/checkout-6b8f9d7d5c-l9w3t terminated with exit code 137: OOMKilled"
	r.Reason, r.Container.RestartCount = "OOMKilled", 1
	r.Attributes = []attribute.KeyValue{attribute.String("bundle.name", "shop"), attribute.String("bundle.version", "1.2")}
	r.SpanContext = trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 0xcd, 0xef}, SpanID: trace.SpanID{1},
	})
	for width, want := range map[int]string{
		0:   " shop/checkout-6b8f9d7d5c-l9w3t     app exit code 137: OOMKilled  (1 restart, shop 1.2, trace abcdef00)",
		130: " shop/checkout-6b8f9d7d5c-l9w3t     app exit code 137: OOMKilled  (1 restart, shop 1.2, trace abcdef00)",
		120: " shop/checkout-6b8f9d7d5c-l9w3t     app exit code 137: OOMKilled  (1 restart, shop 1.2)",
		99:  " shop/checkout-6b8f9d7d5c-l9w3t app exit code 137: OOMKilled  (1 restart)",
		90:  " shop/checkout-6b8...-l9w3t app exit code 137: OOMKilled  (1 restart)",
		80:  " shop/checkout-6b8f9d...-l9w3t app exit code 137: OOMKilled",
	} {
		line := strings.TrimSuffix(written(t, emit.Pretty{Width: width}, r), "\n")
		if !strings.HasSuffix(line, want) {
			t.Errorf("width %d: %s, want %s", width, line, want)
		}
		if n := utf8.RuneCountInString(line); n > width && width > 0 {
			t.Errorf("width %d: a line of %d characters: %s", width, n, line)
		}
	}
}

// TestPrettyWidth: Kubernetes' message is cut to the width of a terminal; without a
// terminal nothing is cut.
func TestPrettyWidth(t *testing.T) {
	r := newUpdate(nil)
	r.Info = strings.Repeat("ü", 300)
	r.Container.RestartCount = 3
	for _, width := range []int{0, 20, 110, 130, 1000} {
		line := strings.TrimSuffix(written(t, emit.Pretty{Width: width}, r), "\n")
		n := utf8.RuneCountInString(line)
		whole := strings.Contains(line, r.Info)
		switch {
		case width != 20 && !strings.HasSuffix(line, "(3 restarts)"):
			t.Errorf("width %d: the notes are gone: %s", width, line)
		case width == 20:
			if strings.Contains(line, "ü") || !strings.Contains(line, "CrashLoopBackOff") {
				t.Errorf("width %d: more than the message is cut, or less: %s", width, line)
			}
		case width == 110 || width == 130:
			if n != width || whole {
				t.Errorf("width %d: a line of %d characters: %s", width, n, line)
			}
		case (width == 0 || width == 1000) != whole:
			t.Errorf("width %d: whole is %t: %s", width, whole, line)
		}
	}
}

// TestPrettyWords: Kubernetes' message is cut at a word.
func TestPrettyWords(t *testing.T) {
	r := newUpdate(nil)
	r.Info = strings.Repeat("seven77 ", 40)
	for width := 110; width < 120; width++ {
		line := strings.TrimSuffix(written(t, emit.Pretty{Width: width}, r), "\n")
		if !strings.Contains(line, " seven77...") || utf8.RuneCountInString(line) > width {
			t.Errorf("width %d: %s", width, line)
		}
	}
}
