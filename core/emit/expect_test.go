package emit_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// expected are the members of a record's line, by key.
type expected struct {
	info    string
	labels  map[string]string
	plugins map[string]any // string, bool or json.Number
	others  map[string]string
}

// expect derives the members of a record's line before any cut. It covers the strings; the
// goldens have the rest.
func expect(r *record.Record) expected {
	e := expected{
		labels:  map[string]string{},
		plugins: map[string]any{},
		others: map[string]string{
			"msg": valid(r.Message), "pod": valid(r.Pod.Name), "namespace": valid(r.Pod.Namespace),
			"pod_uid": r.Pod.UID, "phase": r.Pod.Phase, "action": r.Action.String(), "record_id": r.ID.String(),
			"resource_version": valid(r.ResourceVersion),
		},
	}
	for _, kv := range r.Attributes {
		e.plugins[valid(string(kv.Key))] = decoded(kv.Value)
	}
	taken := func(key string) bool { _, ok := e.plugins[key]; return ok }
	for key, value := range r.Pod.Labels.All() {
		e.labels[record.LabelKey(valid(key), taken)] = valid(value)
	}
	if r.HasReason() {
		e.info, e.others["reason"] = valid(r.Info), valid(r.Reason)
	}
	if r.Container != nil {
		e.others["container"], e.others["image"] = valid(r.Container.Name), valid(r.Container.Image)
	}
	return e
}

// decoded is a value as decode returns it.
func decoded(v attribute.Value) any {
	switch v.Type() {
	case attribute.BOOL:
		return v.AsBool()
	case attribute.INT64:
		return json.Number(strconv.FormatInt(v.AsInt64(), 10))
	case attribute.FLOAT64:
		number, err := json.Marshal(v.AsFloat64())
		if err != nil {
			return strconv.FormatFloat(v.AsFloat64(), 'g', -1, 64)
		}
		return json.Number(number)
	default:
		return valid(v.AsString())
	}
}

// checkLine checks that a line has the contents of its record. If something was cut, it
// has to be the right thing, and no more than needed. It returns the line's members.
func checkLine(t *testing.T, r *record.Record, line string) map[string]any {
	t.Helper()
	got, want := decode(t, line), expect(r)
	for key, value := range want.others {
		if text, ok := got[key].(string); !ok || !strings.HasPrefix(value, text) {
			t.Errorf("%s = %#v, want %q or its beginning", key, got[key], value)
		}
	}
	if _, ok := got["truncated"]; !ok {
		checkComplete(t, got, want, r.HasReason())
		return got
	}
	if got["truncated"] != true {
		t.Errorf("truncated = %v", got["truncated"])
	}
	labels, labelSize := missing(t, got, asAny(want.labels))
	plugins, pluginSize := missing(t, got, want.plugins)
	shortened := false
	for key, value := range want.others {
		shortened = shortened || got[key] != value
	}
	info, _ := got["info"].(string)
	rest, ok := strings.CutPrefix(want.info, info)
	if !ok {
		t.Errorf("info %q is no beginning of what it was", info)
	}
	// How much longer the line would be with the last cut undone.
	var last int
	switch {
	case shortened:
		if plugins < len(want.plugins) || labels < len(want.labels) || info != "" {
			t.Error("fields were cut while other things were left")
		}
		return got
	case plugins > 0:
		if labels < len(want.labels) || info != "" {
			t.Error("plugins' attributes were cut while other things were left")
		}
		last = pluginSize
	case labels > 0:
		if info != "" {
			t.Error("labels were cut while info was left")
		}
		last = labelSize
	case rest == "":
		t.Error("nothing is missing of a truncated line")
	default:
		_, size := utf8.DecodeRuneInString(rest)
		last = escapedLen(rest[:size])
	}
	if len(line)+last <= emit.MaxLine {
		t.Errorf("line of %d bytes: there was room for %d more", len(line), last)
	}
	return got
}

func checkComplete(t *testing.T, got map[string]any, want expected, hasInfo bool) {
	t.Helper()
	if info, ok := got["info"]; ok != hasInfo || ok && info != want.info {
		t.Errorf("info = %#v, want %q", info, want.info)
	}
	for _, members := range []map[string]any{asAny(want.others), asAny(want.labels), want.plugins} {
		for key, value := range members {
			if got[key] != value {
				t.Errorf("%s = %#v, want %#v", key, got[key], value)
			}
		}
	}
}

// missing returns the number of labels or of plugins' attributes that the line doesn't
// have, and the size of the smallest one. Those in the line must be whole and not larger.
func missing(t *testing.T, got, want map[string]any) (n, smallest int) {
	t.Helper()
	largest := 0
	for key, value := range want {
		size := memberLen(key, value)
		have, ok := got[key]
		switch {
		case ok && have != value:
			t.Errorf("%s = %#v, want %#v or nothing", key, have, value)
		case ok:
			largest = max(largest, size)
		case n == 0 || size < smallest:
			n, smallest = n+1, size
		default:
			n++
		}
	}
	if n > 0 && largest > smallest {
		t.Errorf("a member of %d bytes was left, and one of %d taken", largest, smallest)
	}
	return n, smallest
}

func asAny(m map[string]string) map[string]any {
	values := make(map[string]any, len(m))
	for key, value := range m {
		values[key] = value
	}
	return values
}

// memberLen is the length of ,"key":value on a line.
func memberLen(key string, value any) int {
	n := len(`,"":`) + escapedLen(key)
	switch v := value.(type) {
	case string:
		return n + len(`""`) + escapedLen(v)
	case json.Number:
		return n + len(v)
	case bool:
		return n + len(strconv.FormatBool(v))
	}
	return n
}

// escapedLen is the length of a string in JSON as the contract has it escaped.
func escapedLen(s string) (n int) {
	for _, c := range s {
		switch {
		case strings.ContainsRune("\"\\\n\r\t", c):
			n += 2
		case c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029':
			n += 6
		default:
			n += utf8.RuneLen(c)
		}
	}
	return n
}
