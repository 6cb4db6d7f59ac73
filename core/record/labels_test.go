package record_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

var labelSets = map[string]map[string]string{
	"nil":              nil,
	"empty":            {},
	"one":              {"app": "web"},
	"empty value":      {"canary": ""},
	"empty key":        {"": "value"},
	"empty both":       {"": ""},
	"sorted":           {"b": "2", "a": "1", "c": "3", "": "0", "ab": "1.5"},
	"NUL":              {"a\x00": "\x00b", "a": "\x00\x00b"},
	"127 bytes":        {"k": strings.Repeat("v", 127), strings.Repeat("k", 127): "v"},
	"128 bytes":        {"k": strings.Repeat("v", 128), strings.Repeat("k", 128): "v"},
	"16383 bytes":      {"k": strings.Repeat("v", 16383), "z": "end"},
	"16384 bytes":      {"k": strings.Repeat("v", 16384), "z": "end"},
	"two MiB":          {"k": strings.Repeat("v", 2<<20), "z": "end"},
	"invalid UTF-8":    {"\xff\x80": "\xc3"},
	"looks like a len": {"\x01a": "\x81\x01"},
}

func TestLabelsRoundTrip(t *testing.T) {
	for name, set := range labelSets {
		t.Run(name, func(t *testing.T) { checkRoundTrip(t, set) })
	}
}

// TestLabelsEqual checks that Equal agrees with == on the labels made from the map.
func TestLabelsEqual(t *testing.T) {
	for name, set := range labelSets {
		for other, m := range labelSets {
			if got, want := record.NewLabels(set).Equal(m), record.NewLabels(set) == record.NewLabels(m); got != want {
				t.Errorf("%s are %s: %v, want %v", name, other, got, want)
			}
		}
	}
	labels := record.NewLabels(map[string]string{"a": "1", "b": ""})
	for _, m := range []map[string]string{
		{"a": "1"}, {"a": "2", "b": ""}, {"a": "1", "c": ""}, {"a": "1", "b": "", "c": ""},
	} {
		if labels.Equal(m) {
			t.Errorf("they are taken for %v", m)
		}
	}
}

func TestLabelsRoundTripOfRandomSets(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, random.IntN(300))
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		return string(b)
	}
	for range 500 {
		set := map[string]string{}
		for range random.IntN(20) {
			set[word()] = word()
		}
		checkRoundTrip(t, set)
	}
}

func checkRoundTrip(t *testing.T, set map[string]string) {
	t.Helper()
	labels := record.NewLabels(set)
	got := map[string]string{}
	var keys []string
	for key, value := range labels.All() {
		got[key] = value
		keys = append(keys, key)
	}
	if !maps.Equal(set, got) {
		t.Errorf("labels (-want +got):\n%s", cmp.Diff(set, got))
	}
	if want := slices.Sorted(maps.Keys(set)); !slices.Equal(want, keys) {
		t.Errorf("order of keys (-want +got):\n%s", cmp.Diff(want, keys))
	}
	for key, want := range set {
		if got, ok := labels.Get(key); !ok || got != want {
			t.Errorf("Get(%q) = %q, %v; want %q", key, got, ok, want)
		}
	}
	if labels != record.NewLabels(maps.Clone(set)) {
		t.Error("equal sets are not ==")
	}
}

func TestLabelsCompare(t *testing.T) {
	seen := map[record.Labels]string{}
	for name, set := range map[string]map[string]string{
		"empty":           {},
		"empty both":      {"": ""},
		"a=b":             {"a": "b"},
		"a=":              {"a": ""},
		"=a":              {"": "a"},
		"ab=":             {"ab": ""},
		"a=b,c=d":         {"a": "b", "c": "d"},
		"a=d,c=b":         {"a": "d", "c": "b"},
		"a=b\\x01c\\x01d": {"a": "b\x01c\x01d"},
	} {
		labels := record.NewLabels(set)
		if other, ok := seen[labels]; ok {
			t.Errorf("%s == %s", name, other)
		}
		seen[labels] = name
	}
	if record.NewLabels(nil) != (record.Labels{}) {
		t.Error("no labels are not the zero value")
	}
}

func TestLabelsGetWhatIsNotThere(t *testing.T) {
	for _, labels := range []record.Labels{{}, record.NewLabels(map[string]string{"a": "b"})} {
		if got, ok := labels.Get("c"); ok || got != "" {
			t.Errorf("got %q, %v", got, ok)
		}
	}
}

func TestLabelsAllStops(t *testing.T) {
	labels := record.NewLabels(map[string]string{"a": "1", "b": "2"})
	n := 0
	for range labels.All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("yielded %d labels after the first was enough", n)
	}
}

// Labels of many pods of one template are there once.
func TestLabelsShareMemory(t *testing.T) {
	set := templateLabels()
	first := record.NewLabels(set)
	second := record.NewLabels(maps.Clone(set))
	perIteration := testing.AllocsPerRun(100, func() {
		n := 0
		for key, value := range second.All() {
			n += len(key) + len(value)
		}
		if n == 0 {
			t.Error("no labels")
		}
	})
	if first != second {
		t.Error("equal labels differ")
	}
	if perIteration != 0 {
		t.Errorf("%v allocations to go over labels, want 0", perIteration)
	}
}

// TestLabelsWithin: the longest labels are omitted, as few as possible.
func TestLabelsWithin(t *testing.T) {
	all := map[string]string{"a": "1", "b": "22", "c": "333", "dd": "22", "e": ""}
	size := 5*len(`,"":""`) + len("a1b22c333dd22e")
	for limit, omitted := range map[int][]string{
		size:      nil,
		size - 1:  {"c"},
		size - 10: {"c"},
		size - 11: {"c", "dd"}, // of two with the same length the first
		size - 20: {"c", "dd"},
		7:         {"c", "dd", "b", "a"},
		0:         {"c", "dd", "b", "a", "e"},
	} {
		want := maps.Clone(all)
		for _, key := range omitted {
			delete(want, key)
		}
		got, complete := record.LabelsWithin(all, limit)
		if got != record.NewLabels(want) || complete != (omitted == nil) {
			t.Errorf("within %d bytes: %v, complete = %v, want %v", limit, maps.Collect(got.All()), complete, want)
		}
	}
}

func FuzzLabels(f *testing.F) {
	f.Add("a", "b", "c", "d")
	f.Add("", "", "", "\x00")
	f.Add("\x01a", "\x80", strings.Repeat("k", 200), strings.Repeat("v", 20000))
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		checkRoundTrip(t, map[string]string{k1: v1, k2: v2})
	})
}

func TestLabelKey(t *testing.T) {
	for name, test := range map[string]struct {
		label, want string
		plugins     []string
	}{
		"free":                    {label: "team", want: "team"},
		"empty":                   {label: "", want: ""},
		"name over OTLP":          {label: "service.name", want: "label.service.name"},
		"field":                   {label: "pod", want: "label.pod"},
		"field of the line":       {label: "time", want: "label.time"},
		"cut mark":                {label: "truncated", want: "label.truncated"},
		"looks prefixed":          {label: "label.pod", want: "label.label.pod"},
		"looks prefixed twice":    {label: "label.label.pod", want: "label.label.label.pod"},
		"prefixed free one":       {label: "label.team", want: "label.team"},
		"prefix alone":            {label: "label.", want: "label."},
		"another case":            {label: "Namespace", want: "label.Namespace"},
		"another case over OTLP":  {label: "K8S.namespace.Name", want: "label.K8S.namespace.Name"},
		"plugin's":                {label: "bundle.id", want: "label.bundle.id", plugins: []string{"bundle.id"}},
		"looks like that":         {label: "label.bundle.id", want: "label.label.bundle.id", plugins: []string{"bundle.id"}},
		"no plugin's":             {label: "bundle.id", want: "bundle.id"},
		"plugin named label":      {label: "pod", want: "label.label.pod", plugins: []string{"label.pod"}},
		"beside that plugin":      {label: "label.pod", want: "label.label.label.pod", plugins: []string{"label.pod"}},
		"free beside that plugin": {label: "team", want: "team", plugins: []string{"label.team"}},
		"taken from that plugin":  {label: "label.team", want: "label.label.team", plugins: []string{"label.team"}},
		"plugin takes two of them": {
			label: "pod", want: "label.label.label.pod", plugins: []string{"label.pod", "label.label.pod"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := record.LabelKey(test.label, isIn(test.plugins)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func isIn(keys []string) func(string) bool {
	return func(key string) bool { return slices.Contains(keys, key) }
}

// Different labels have different keys, and none has that of a field or of a
// plugin, whichever keys plugins gave.
func FuzzLabelKey(f *testing.F) {
	f.Add("pod", "label.pod", "bundle.id", "label.bundle.id")
	f.Add("label.label.pod", "label.pod", "label.pod", "label.label.pod")
	f.Add("x", "label.x", "x", "label.label.x")
	f.Fuzz(func(t *testing.T, a, b, plugin1, plugin2 string) {
		taken := isIn([]string{plugin1, plugin2})
		keyA, keyB := record.LabelKey(a, taken), record.LabelKey(b, taken)
		if (a == b) != (keyA == keyB) {
			t.Errorf("labels %q and %q have the keys %q and %q", a, b, keyA, keyB)
		}
		if record.IsKey(keyA) || taken(keyA) {
			t.Errorf("label %q has the taken key %q", a, keyA)
		}
		if !strings.HasSuffix(keyA, a) {
			t.Errorf("label %q has the key %q", a, keyA)
		}
	})
}

// The same over all labels that could get in each other's way: a fuzzer finds
// few of them.
func TestLabelKeyIsInjective(t *testing.T) {
	var chain []string
	for n := range 8 {
		for _, base := range []string{"pod", "bundle.id", "team", ""} {
			chain = append(chain, strings.Repeat(record.KeyLabelPrefix, n)+base)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var plugins []string
		for range random.IntN(6) {
			plugins = append(plugins, chain[random.IntN(len(chain))])
		}
		keys := map[string]string{}
		for _, label := range chain {
			key := record.LabelKey(label, isIn(plugins))
			if other, ok := keys[key]; ok || record.IsKey(key) || slices.Contains(plugins, key) {
				t.Fatalf("plugins %q: label %q has the key %q, like %q", plugins, label, key, other)
			}
			keys[key] = label
		}
	}
}

// templateLabels are those of a pod that a Helm release deployed.
func templateLabels() map[string]string {
	set := map[string]string{
		"app.kubernetes.io/name":       "checkout",
		"app.kubernetes.io/instance":   "checkout-eu",
		"app.kubernetes.io/version":    "2.4.0",
		"app.kubernetes.io/managed-by": "Helm",
		"helm.sh/chart":                "checkout-2.4.0",
		"pod-template-hash":            "5d9c7b8f66",
	}
	for i := range 4 {
		set[fmt.Sprintf("example.org/label-%d", i)] = fmt.Sprintf("value-%d", i)
	}
	return set
}

func BenchmarkNewLabels(b *testing.B) {
	set := templateLabels()
	kept := record.NewLabels(set) // as long as another pod has them
	b.ReportAllocs()
	for b.Loop() {
		if record.NewLabels(set) != kept {
			b.Fatal("equal labels differ")
		}
	}
}

func BenchmarkLabelsAll(b *testing.B) {
	labels := record.NewLabels(templateLabels())
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for key, value := range labels.All() {
			n += len(key) + len(value)
		}
	}
	if n == 0 {
		b.Fatal("no labels")
	}
}
