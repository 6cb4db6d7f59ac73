package emit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestCut(t *testing.T) {
	longKey := "team." + strings.Repeat("k", 4000)
	for name, change := range map[string]func(*record.Record){
		"info of runes of four bytes": func(r *record.Record) { r.Info = strings.Repeat("🚀", 5000) },
		"info of runes of two bytes":  func(r *record.Record) { r.Info = strings.Repeat("ż", 10000) },
		"info of control characters":  func(r *record.Record) { r.Info = strings.Repeat("\x1b", 20000) },
		"info of quotes":              func(r *record.Record) { r.Info = strings.Repeat(`"`, 20000) },
		"info of backslashes":         func(r *record.Record) { r.Info = strings.Repeat(`\u`, 20000) },
		"info of line separators":     func(r *record.Record) { r.Info = strings.Repeat("\u2028", 20000) },
		"info of invalid UTF-8":       func(r *record.Record) { r.Info = strings.Repeat("a\xff", 20000) },
		"info of a megabyte":          func(r *record.Record) { r.Info = strings.Repeat("x", 1<<20) },
		"labels":                      func(r *record.Record) { r.Pod.Labels = record.NewLabels(longLabels(500)) },
		"one long label of many":      func(r *record.Record) { r.Pod.Labels = record.NewLabels(oneLongLabel()) },
		"no info": func(r *record.Record) {
			r.Info, r.Pod.Labels = "",
				record.NewLabels(longLabels(60))
		},
		"plugins":          func(r *record.Record) { r.Attributes = pluginAttributes(64, 4096) },
		"plugins' numbers": func(r *record.Record) { r.Attributes = numbers(64, longKey) },
		"plugins of different lengths": func(r *record.Record) {
			r.Attributes = slices.Concat(pluginAttributes(4, 4000),
				numbers(9, "n."))
		},
		"message": func(r *record.Record) { r.Message = strings.Repeat("said\n", 5000) },
		"reason":  func(r *record.Record) { r.Reason = strings.Repeat("ż\"", 10000) },
		"names": func(r *record.Record) {
			r.Pod.Name, r.Pod.Namespace, r.Container.Image = strings.Repeat("p", 9000), strings.Repeat("n", 9000),
				strings.Repeat("i", 9000)
		},
		"everything": func(r *record.Record) {
			r.Info = strings.Repeat("🚀\x00", 10000)
			r.Message, r.Reason = strings.Repeat("m", 10000), strings.Repeat("r", 10000)
			r.Pod.Labels = record.NewLabels(longLabels(500))
			r.Attributes = slices.Concat(pluginAttributes(64, 4096), numbers(64, longKey))
			r.Container.Image = strings.Repeat("\a", 5000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newUpdate(templateLabels())
			change(r)
			if got := checkLine(t, r, lineOf(t, r)); got["truncated"] != true {
				t.Error("the line doesn't say that it is truncated")
			}
		})
	}
}

// numbers are attributes that are short but for their keys.
func numbers(n int, prefix string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, n)
	for i := range attrs {
		key := fmt.Sprintf("%s%d", prefix, i)
		attrs[i] = attribute.Int(key, i)
		if i%2 == 0 {
			attrs[i] = attribute.Bool(key, true)
		}
	}
	return attrs
}

func oneLongLabel() map[string]string {
	set := templateLabels()
	set["long"] = strings.Repeat("v", emit.MaxLine)
	return set
}

// Only the label that is too long goes.
func TestCutTakesTheLongestLabel(t *testing.T) {
	r := newUpdate(oneLongLabel())
	r.Info = ""
	got := checkLine(t, r, lineOf(t, r))
	if _, ok := got["long"]; ok {
		t.Error("the long label is there")
	}
	for key, value := range templateLabels() {
		if got[key] != value {
			t.Errorf("label %s = %#v, want %q", key, got[key], value)
		}
	}
}

// A line may be just as long as the limit, newline included.
func TestCutAtTheLimit(t *testing.T) {
	withInfo := func(n int) *record.Record {
		r := newUpdate(templateLabels())
		r.Info = strings.Repeat("x", n)
		return r
	}
	fits := emit.MaxLine - len(lineOf(t, withInfo(0)))
	for n, want := range map[int]int{
		fits - 1:    emit.MaxLine - 1,
		fits:        emit.MaxLine,
		fits + 1:    emit.MaxLine,
		fits + 1000: emit.MaxLine,
	} {
		r := withInfo(n)
		line := lineOf(t, r)
		if len(line) != want {
			t.Errorf("%d bytes of info: line of %d bytes, want %d", n, len(line), want)
		}
		_, truncated := checkLine(t, r, line)["truncated"]
		if truncated != (n > fits) {
			t.Errorf("%d bytes of info, %d fit: truncated = %v", n, fits, truncated)
		}
	}
}

// Cutting one line leaves those around it alone.
func TestCutInTheMiddleOfAGroup(t *testing.T) {
	before, long, after := newCreate(nil), newUpdate(templateLabels()), newCreate(templateLabels())
	long.Info = strings.Repeat("\x00", 20000)
	got := written(t, emit.NewJSON(), before, long, after)
	if want := lineOf(t, before) + lineOf(t, long) + lineOf(t, after); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

// TestOmittedLabels: a record that lacks labels says so once, on stdout and over OTLP.
func TestOmittedLabels(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"line that fits": {"a": "b"}, "line that is cut": longLabels(60),
	} {
		t.Run(name, func(t *testing.T) {
			r := newUpdate(labels)
			r.Pod.LabelsOmitted = true
			e := emit.New(emit.Settings{OTLP: true, Stdout: emit.NewStdout(nil, emit.NewJSON(), nil)})
			if err := e.Emit(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if n := e.Staged(); n == 0 {
				t.Error("nothing is staged")
			}
			staged := e.Take()
			line := string(staged.Lines)
			if n := strings.Count(line, `"truncated":true`); n != 1 || !strings.HasSuffix(line, ",\"truncated\":true}\n") ||
				len(line) > emit.MaxLine {
				t.Errorf("a line of %d bytes has the mark %d times: %s", len(line), n, line)
			}
			request := decodeRequest(t, staged.Records[0])
			marked := false
			for _, kv := range request.ResourceLogs[0].ScopeLogs[0].LogRecords[0].Attributes {
				marked = marked || kv.Key == record.AttrTruncated && kv.Value.GetBoolValue()
			}
			if !marked {
				t.Error("the record over OTLP does not have the mark")
			}
			if n := e.Staged(); n != 0 {
				t.Errorf("%d bytes are staged after Take", n)
			}
		})
	}
}
