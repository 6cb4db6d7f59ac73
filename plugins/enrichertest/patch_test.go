package enrichertest

import (
	"strings"
	"testing"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestTraceContext(t *testing.T) {
	for name, tc := range map[string]struct {
		parent, state, want string // want: part of the error; empty: none
	}{
		"none":                {"", "", ""},
		"valid":               {parent, "", ""},
		"with a state":        {parent, "vendor=a,other@x=b", ""},
		"state alone":         {"", "vendor=a", "without a traceparent"},
		"no state":            {parent, "vendor", "tracestate"},
		"another version":     {"01" + parent[2:], "", "want 00-"},
		"more of it":          {parent + "-00", "", "want 00-"},
		"less of it":          {parent[:52], "", "want 00-"},
		"capitals":            {strings.ToUpper(parent), "", "lowercase"},
		"trace id of zeros":   {"00-" + strings.Repeat("0", 32) + parent[35:], "", "zero"},
		"span id of zeros":    {parent[:36] + strings.Repeat("0", 16) + "-01", "", "zero"},
		"short span id":       {parent[:36] + "b7-01", "", "length"},
		"flags are no hex":    {parent[:53] + "0G", "", "flags"},
		"flags are too short": {parent[:54], "", "flags"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkTraceContext(nil, &enrichv1.Patch{Traceparent: tc.parent, Tracestate: tc.state})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestError(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, "no database": true, strings.Repeat("x", 256): true,
		strings.Repeat("x", 257): false, "a\nb": false,
	} {
		if err := checkError(nil, &enrichv1.Patch{Error: text}); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestKeys(t *testing.T) {
	for name, tc := range map[string]struct {
		what string
		keys []string
		want string
	}{
		"none":                     {"labels", nil, ""},
		"good":                     {"labels", []string{"app", "example.com/A_b.c"}, ""},
		"twice":                    {"labels", []string{"app", "team", "app"}, `needs.labels: "app" is a duplicate`},
		"empty":                    {"labels", []string{""}, `no object has the key ""`},
		"capitals in the prefix":   {"owners.labels", []string{"Example.com/a"}, "owners.labels"},
		"but annotations have any": {"owners.annotations", []string{"Example.com/a"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkKeys(tc.what, tc.keys)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	text := func(key, value string) *enrichv1.Attribute {
		return &enrichv1.Attribute{Key: key, Value: &enrichv1.Attribute_StringValue{StringValue: value}}
	}
	a := &enrichv1.Patch{Attributes: []*enrichv1.Attribute{text("p.a", "1"), text("p.b", "2")}}
	for name, tc := range map[string]struct {
		b    *enrichv1.Patch
		want string
	}{
		"another order": {&enrichv1.Patch{Attributes: []*enrichv1.Attribute{text("p.b", "2"), text("p.a", "1")}}, ""},
		"another value": {
			&enrichv1.Patch{Attributes: []*enrichv1.Attribute{text("p.a", "1"), text("p.b", "3")}}, `p.b is "2" and "3"`,
		},
		"one less": {
			&enrichv1.Patch{Attributes: []*enrichv1.Attribute{text("p.a", "1")}}, `p.b is "2" and absent`,
		},
		"a failure": {&enrichv1.Patch{Attributes: a.GetAttributes(), Error: "no"}, `error is absent and "no"`},
		"suppressed": {
			&enrichv1.Patch{Attributes: a.GetAttributes(), Suppress: true}, `suppress is absent and true`,
		},
		"another traceparent": {
			&enrichv1.Patch{Attributes: a.GetAttributes(), Traceparent: "00"}, `traceparent is absent and "00"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := difference(a, tc.b); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
