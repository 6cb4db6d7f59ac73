package measure

import (
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   float64
	}{
		"one":                  {[]float64{3}, 3},
		"an odd number":        {[]float64{9, 1, 5}, 5},
		"an even number":       {[]float64{4, 1, 2, 100}, 3},
		"one that is far away": {[]float64{1, 1, 1, 1, 1000}, 1},
	} {
		before := slices.Clone(c.values)
		if got := Median(c.values); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
		if !slices.Equal(c.values, before) {
			t.Errorf("%s: the values were changed to %v", name, c.values)
		}
	}
}

func TestQuantile(t *testing.T) {
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(99-i))
	}
	for q, want := range map[float64]time.Duration{.5: 50, .99: 99, 1: 99, 0: 0} {
		if got := Quantile(all, q); got != want {
			t.Errorf("%v: got %d, want %d", q, got, want)
		}
	}
	if got := Quantile(nil, .5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

func TestPace(t *testing.T) {
	began := time.Now()
	arrived := make([]time.Time, 1000) // one in a millisecond, with an event lost and a slow end
	for i := range arrived {
		arrived[i] = began.Add(time.Duration(i) * time.Millisecond)
	}
	arrived[500] = time.Time{}
	arrived[999] = began.Add(time.Minute)
	if got := pace(arrived); got < 990 || got > 1010 {
		t.Errorf("got %v events a second, want about 1000", got)
	}
	if got := pace(make([]time.Time, 10)); got != 0 {
		t.Errorf("got %v where nothing arrived", got)
	}
}

func TestMedianLeavesOutFailures(t *testing.T) {
	k := Key{Group: Cost, Subject: "x"}
	r := Results{k: {{CPU: 1}, {Failure: "too much memory"}, {CPU: 3}}}
	if got, ok := r.Median(k, func(o Outcome) float64 { return float64(o.CPU) }); !ok || got != 2 {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := r.Median(Key{}, func(Outcome) float64 { return 1 }); ok {
		t.Errorf("got %v of nothing", got)
	}
}
