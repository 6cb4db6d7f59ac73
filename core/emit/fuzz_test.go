package emit_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
)

// FuzzLine checks the promises of a line for any input.
func FuzzLine(f *testing.F) {
	f.Add("back-off", "said", "web", "app", "web", "pod", "x", "bundle", "y", 0.5, int64(1), uint16(0), uint16(0),
		uint16(0))
	f.Add("\xff\xfe\x00\x1b", "\u2028\u2029\u0085", "<>&\"\\", "time", "", "label.time", "\x7f", "id", "\xc3", math.NaN(),
		int64(math.MinInt64), uint16(9000), uint16(0), uint16(0))
	f.Add("🚀", "ż", "n", "k", "long", "l", "v", "time", "\t", math.Copysign(0, -1), int64(math.MaxInt64), uint16(100),
		uint16(9000), uint16(3))
	f.Add("\a", "m", "", "label.label.pod", "v", "", "w", "pod", "p", 1e21, int64(0), uint16(65535), uint16(65535),
		uint16(65535))
	f.Add("i", "m", "n", "\xff", "v", "\xfe", "w", "p", "p", math.Inf(-1), int64(0), uint16(0), uint16(0), uint16(16380))
	f.Fuzz(func(t *testing.T, info, message, name, key1, value1, key2, value2, plugin, attr string,
		number float64, integer int64, infoTimes, labelTimes, pluginTimes uint16,
	) {
		if key1 != key2 && valid(key1) == valid(key2) {
			t.Skip("the API server accepts no labels whose keys are no UTF-8")
		}
		r := newUpdate(map[string]string{key1: repeat(value1, labelTimes), key2: value2})
		r.Info, r.Message, r.Pod.Name = repeat(info, infoTimes), message, name
		r.Attributes = []attribute.KeyValue{
			attribute.String("team."+plugin, repeat(attr, pluginTimes)),
			attribute.String("label."+plugin, attr),
			attribute.Int64("int."+plugin, integer),
			attribute.Bool("bool."+plugin, integer%2 == 0),
			attribute.Float64("float."+plugin, number),
		}
		got := checkLine(t, r, lineOf(t, r))
		if n, ok := got["float."+valid(plugin)].(json.Number); ok {
			f, err := n.Float64()
			if err != nil || f != number || math.Signbit(f) != math.Signbit(number) {
				t.Errorf("float = %v, %v; want %v", f, err, number)
			}
		}
	})
}

// repeat repeats s, to no more than 64 KiB.
func repeat(s string, times uint16) string {
	if s == "" {
		return ""
	}
	return strings.Repeat(s, min(1+int(times), 1+(64<<10)/len(s)))
}
