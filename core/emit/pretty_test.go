package emit_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// prettyRecords are a lifecycle, and what people should not stumble over.
func prettyRecords(t *testing.T) []*record.Record {
	t.Helper()
	lines := goldenRecords(t)
	records := slices.Concat(lines["lifecycle"], lines["pod"], lines["unscheduled"], lines["initial"], lines["recovered"])
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
	steering.Info = "\x1b[2J\x1b]0;title\a red \x1b[31m, C1 \u009b31m, back \b\r\n\t, null \x00, delete \x7f, lines \u2028\u2029, " +
		"direction \u202e\u2066, width \u200b\ufeff, tag \U000e0001, broken \xff, fine: zażółć 🚀 \u00a0日本"
	steering.Message = "container app of pod shop/web-5d9c7b8f66-x2x7q is waiting: \x1b[0m"
	steering.Pod.Namespace = "shop\x1b[1m"
	return append(records, both, deleting, unexplained, short, long, other, steering)
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
