package record_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestCheckPluginName(t *testing.T) {
	const noName = `%q is not a name: want lower-case letters, digits, "-" and "_", a letter first`
	const taken = `the name %q is taken; the names podstatus, k8s, service, container, log, otel, exception, label, owners, app are`
	for name, why := range map[string]string{
		"a":                           "",
		"bundle":                      "",
		"my-team_2":                   "",
		"z-":                          "",
		strings.Repeat("x", 63):       "",
		strings.Repeat("x", 64):       "the name has 64 bytes, at most 63 are allowed",
		"":                            "the name is empty",
		"2nd":                         noName,
		"-a":                          noName,
		"_a":                          noName,
		"Team":                        noName,
		"tEam":                        noName,
		"a.b":                         noName,
		"a b":                         noName,
		"a/b":                         noName,
		"a\x00":                       noName,
		"ä":                           noName,
		"aä":                          noName,
		"a\xff":                       noName,
		"podstatus":                   taken,
		"label":                       taken,
		"owners":                      taken,
		"labels":                      "",
		"k8s":                         taken,
		"k8s-team":                    "",
		strings.Repeat("x", 62) + "ä": "the name has 64 bytes, at most 63 are allowed",
	} {
		want := why
		if strings.Contains(why, "%q") {
			want = fmt.Sprintf(why, name)
		}
		if got := messageOf(record.CheckPluginName(name)); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// TestNoPluginPassesForTheTable: the first word of every key of the table is no
// name of a plugin, nor is who else is named in "enrichment".
func TestNoPluginPassesForTheTable(t *testing.T) {
	keys := []string{record.AttrLabelPrefix, record.KeyLabelPrefix, "owners."}
	for _, f := range record.Fields() {
		keys = append(keys, f.Key, f.OTLP)
	}
	checked := 0
	for _, key := range keys {
		word, _, ok := strings.Cut(key, ".")
		if !ok { // no plugin has keys without a dot
			continue
		}
		checked++
		if record.CheckPluginName(word) == nil {
			t.Errorf("a plugin %q could give an attribute that is taken for %s", word, key)
		}
	}
	if checked < 20 {
		t.Errorf("%d keys, want those of the table", checked)
	}
}

func TestCheckAttributes(t *testing.T) {
	many := make([]attribute.KeyValue, record.MaxAttributes+1)
	for i := range many {
		many[i] = attribute.Int(fmt.Sprintf("team.%d", i), i)
	}
	text := func(key, value string) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String(key, value)}
	}
	number := func(f float64) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.Float64("team.x", f)}
	}
	for name, c := range map[string]struct {
		attrs []attribute.KeyValue
		want  string
	}{
		"none": {},
		"every type": {attrs: []attribute.KeyValue{
			attribute.String("team.s", ""), attribute.Bool("team.b", false), attribute.Int64("team.i", math.MinInt64),
			attribute.Float64("team.f", -0.5),
		}},
		"as many as may be": {attrs: many[:record.MaxAttributes]},
		"one too many":      {attrs: many, want: "65 attributes, at most 64 are allowed"},
		"longest key":       {attrs: text("team."+strings.Repeat("k", 250), "")},
		"longer key": {
			attrs: text("team."+strings.Repeat("k", 251), ""),
			want:  `the key of attribute "team.kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"... has 256 bytes, at most 255 are allowed`,
		},
		"longest value": {attrs: text("team.x", strings.Repeat("ä", 2048))},
		"longer value": {
			attrs: text("team.x", strings.Repeat("ä", 2048)+"x"), want: `attribute "team.x" has 4097 bytes, at most 4096 are allowed`,
		},
		"shortest key": {attrs: text("team.0", "")},
		"bare prefix":  {attrs: text("team.", ""), want: `attribute "team." does not begin with "team." and a name`},
		"name alone":   {attrs: text("team", ""), want: `attribute "team" does not begin with "team." and a name`},
		"no key":       {attrs: text("", ""), want: `attribute "" does not begin with "team." and a name`},
		"another's": {
			attrs: text("bundle.id", ""), want: `attribute "bundle.id" does not begin with "team." and a name`,
		},
		"a longer name":     {attrs: text("teams.x", ""), want: `attribute "teams.x" does not begin with "team." and a name`},
		"upper-case prefix": {attrs: text("Team.x", ""), want: `attribute "Team.x" does not begin with "team." and a name`},
		"all characters":    {attrs: text("team.az09._-/", "")},
		"upper case": {
			attrs: text("team.X", ""), want: `attribute "team.X" has a character other than a-z, 0-9 and ._-/`,
		},
		"space": {
			attrs: text("team.a b", ""), want: `attribute "team.a b" has a character other than a-z, 0-9 and ._-/`,
		},
		"before a": {
			attrs: text("team.`", ""), want: "attribute \"team.`\" has a character other than a-z, 0-9 and ._-/",
		},
		"after z": {
			attrs: text("team.{", ""), want: `attribute "team.{" has a character other than a-z, 0-9 and ._-/`,
		},
		"after 9": {
			attrs: text("team.:", ""), want: `attribute "team.:" has a character other than a-z, 0-9 and ._-/`,
		},
		"umlaut": {
			attrs: text("team.ä", ""), want: `attribute "team.ä" has a character other than a-z, 0-9 and ._-/`,
		},
		"invalid UTF-8": {
			attrs: text("team.a\xff", ""), want: `attribute "team.a\xff" has a character other than a-z, 0-9 and ._-/`,
		},
		"twice": {
			attrs: []attribute.KeyValue{many[0], many[1], attribute.String("team.0", "")},
			want:  `attribute "team.0" is a duplicate`,
		},
		"largest number": {attrs: number(math.MaxFloat64)},
		"no number":      {attrs: number(math.NaN()), want: `attribute "team.x" is NaN; a number has to be finite`},
		"infinite":       {attrs: number(math.Inf(1)), want: `attribute "team.x" is +Inf; a number has to be finite`},
		"minus infinite": {attrs: number(math.Inf(-1)), want: `attribute "team.x" is -Inf; a number has to be finite`},
		"no value": {
			attrs: []attribute.KeyValue{{Key: "team.x"}},
			want:  `attribute "team.x" has no value of type string, bool, int or double`,
		},
		"a list": {
			attrs: []attribute.KeyValue{attribute.StringSlice("team.x", []string{"a"})},
			want:  `attribute "team.x" has no value of type string, bool, int or double`,
		},
		"the last is wrong": {
			attrs: append(slices.Clone(many[:2]), attribute.String("x", "")),
			want:  `attribute "x" does not begin with "team." and a name`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, messageOf(record.CheckAttributes("team", c.attrs))); diff != "" {
				t.Errorf("what is wrong (-want +got):\n%s", diff)
			}
		})
	}
}

func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestValid(t *testing.T) {
	for s, want := range map[string]string{
		"":               "",
		"plain\x00 text": "plain\x00 text",
		"日本":             "日本",
		"cut \xe6\x97":   "cut \uFFFD",
		"\xff\xfea\xff":  "\uFFFDa\uFFFD",
		"\xed\xa0\x80":   "\uFFFD", // half of a surrogate pair
	} {
		if got := record.Valid(s); got != want || !utf8.ValidString(got) {
			t.Errorf("%q is made %q, want %q", s, got, want)
		}
	}
}

// TestSize: all that a record can have much of counts, wherever that is.
func TestSize(t *testing.T) {
	long := strings.Repeat("x", 1000)
	set := map[string]string{"k": long}
	for name, c := range map[string]struct {
		record record.Record
		least  int
	}{
		"empty":        {record.Record{Pod: &record.Pod{}}, 0},
		"info":         {record.Record{Info: long, Pod: &record.Pod{}}, 1000},
		"reason":       {record.Record{Reason: long, Pod: &record.Pod{}}, 1000},
		"labels":       {record.Record{Pod: &record.Pod{Labels: record.NewLabels(set)}}, 1001},
		"annotations":  {record.Record{Pod: &record.Pod{Annotations: record.NewLabels(set)}}, 1001},
		"owners, none": {record.Record{Pod: &record.Pod{Owners: &record.OwnerChain{}}}, 0},
		"owners' labels": {
			record.Record{Pod: &record.Pod{Owners: &record.OwnerChain{Owners: []record.Owner{{Labels: set}}}}}, 1001,
		},
		"owners'": {record.Record{Pod: &record.Pod{Owners: &record.OwnerChain{Owners: []record.Owner{
			{}, {Annotations: set},
		}}}}, 1001},
		"all of them": {record.Record{
			Info: long, Reason: long,
			Pod: &record.Pod{
				Labels: record.NewLabels(set), Owners: &record.OwnerChain{Owners: []record.Owner{{Labels: set, Annotations: set}}},
			},
		}, 5003},
		"attributes do not": {record.Record{
			Message: long, Attributes: []attribute.KeyValue{attribute.String("a.x", long)}, Pod: &record.Pod{},
		}, 0},
	} {
		if got := c.record.Size(); got < c.least || got > c.least+10 {
			t.Errorf("%s: %d bytes, want about %d", name, got, c.least)
		}
	}
}

func TestLabelsSize(t *testing.T) {
	for name, set := range labelSets {
		want := 0
		for key, value := range set {
			want += len(key) + len(value)
		}
		// A length is one byte up to 127, and four for two MiB.
		if got := record.NewLabels(set).Size(); got < want+2*len(set) || got > want+8*len(set) {
			t.Errorf("%s: %d bytes for %d of text in %d labels", name, got, want, len(set))
		}
	}
}

// FuzzCheckAttributes: what passes keeps the rules as they are written here, and
// what keeps them passes.
func FuzzCheckAttributes(f *testing.F) {
	f.Add("team", "team.name", "team.n", "v", 1.5, 2, uint8(1))
	f.Add("team", "team.", "team.name", strings.Repeat("v", 4097), math.Inf(1), 64, uint8(4))
	f.Add("k8s", "k8s.pod.name", "k8s.pod.name", "", 0.0, 0, uint8(0))
	f.Add("a", "a."+strings.Repeat("k", 254), "a.\xff", "", 0.0, 63, uint8(3))
	f.Fuzz(func(t *testing.T, plugin, one, other, value string, number float64, more int, kind uint8) {
		values := []attribute.Value{
			attribute.StringValue(value), attribute.Float64Value(number), attribute.BoolValue(true), attribute.IntValue(more),
			attribute.StringSliceValue([]string{value}),
			{},
		}
		attrs := []attribute.KeyValue{
			{Key: attribute.Key(one), Value: values[int(kind)%len(values)]},
			{Key: attribute.Key(other), Value: attribute.StringValue(value)},
		}
		for i := range min(max(more, 0), 70) {
			attrs = append(attrs, attribute.Bool(fmt.Sprintf("%s.more-%d", plugin, i), true))
		}
		if err := record.CheckAttributes(plugin, attrs); (err == nil) != keepsRules(plugin, attrs) {
			t.Errorf("plugin %q, attributes %q: %v", plugin, attrs, err)
		}
	})
}

// keepsRules is the contract once more.
func keepsRules(plugin string, attrs []attribute.KeyValue) bool {
	name := regexp.MustCompile(`^[a-z0-9._/-]+$`)
	seen := map[attribute.Key]bool{}
	for _, kv := range attrs {
		rest, ok := strings.CutPrefix(string(kv.Key), plugin+".")
		if !ok || !name.MatchString(rest) || len(kv.Key) > 255 || seen[kv.Key] {
			return false
		}
		seen[kv.Key] = true
		switch v := kv.Value.AsInterface().(type) {
		case string:
			if len(v) > 4096 {
				return false
			}
		case float64:
			if finite := math.Abs(v) <= math.MaxFloat64; !finite {
				return false
			}
		case bool, int64:
		default:
			return false
		}
	}
	return len(attrs) <= 64
}
