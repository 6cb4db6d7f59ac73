package measure

import (
	"slices"
	"time"
)

// Median is the value in the middle, the mean of the two there where their
// number is even. There must be one.
func Median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Quantile is the smallest value that is not below a share q of them, 0 without
// values.
func Quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// delays are the times from a to b where there are both.
func delays(a, b []time.Time) (all []time.Duration) {
	for i := range b {
		if i < len(a) && !a[i].IsZero() && !b[i].IsZero() {
			all = append(all, b[i].Sub(a[i]))
		}
	}
	return all
}

// pace is how many events arrived a second, without the first and the last
// tenth, in which a program starts to work and waits for a batch to fill. 0: too
// few arrived.
func pace(arrived []time.Time) float64 {
	var times []time.Time
	for _, t := range arrived {
		if !t.IsZero() {
			times = append(times, t)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	from, to := len(times)/10, len(times)*9/10
	if to <= from || !times[to].After(times[from]) {
		return 0
	}
	return float64(to-from) / times[to].Sub(times[from]).Seconds()
}
