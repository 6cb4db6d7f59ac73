// Package report turns measurements into tables, plots, and a verdict on aims.
package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
	"github.com/pod-status-logger/pod-status-logger/bench/measure"
)

// aim is what a figure has to be.
type aim struct {
	name   string
	limit  float64
	least  bool // the figure has to be limit at least, else at most
	free   bool // there is no limit: the figure is to be seen
	unit   string
	figure func(measure.Results) (float64, bool) // false: it wasn't measured
}

// aims returns those of the project; see docs/performance.md.
func aims() []aim { return slices.Concat(cpuAims(), clusterAims()) }

// cpuAims returns those of the CPU time of an event.
func cpuAims() []aim {
	return []aim{
		{
			name: "CPU of an event / that of k8sobjects, 5 KB", limit: 1. / 15,
			figure: cpuRatio(measure.K8sobjects.Name, apiserver.Medium),
		},
		{
			name: "CPU of an event / that of k8sobjects, 15 KB", limit: 1. / 15,
			figure: cpuRatio(measure.K8sobjects.Name, apiserver.Large),
		},
		{
			name: "CPU of an event / that of the informer program, 5 KB", limit: 1. / 6,
			figure: cpuRatio(measure.Informer.Name, apiserver.Medium),
		},
		{
			name: "CPU of an event / that of the informer program, 15 KB", limit: 1. / 6,
			figure: cpuRatio(measure.Informer.Name, apiserver.Large),
		},
		{
			name: "CPU of an event / that of bare decoding, 5 KB", limit: 1,
			figure: cpuRatio(measure.Decode.Name, apiserver.Medium),
		},
		{
			name: "CPU of an event / that of bare decoding, 15 KB", limit: 1,
			figure: cpuRatio(measure.Decode.Name, apiserver.Large),
		},
		{
			name: "CPU of an event / that of reading the bytes, 5 KB", free: true,
			figure: cpuRatio(measure.Frames.Name, apiserver.Medium),
		},
		{
			name: "CPU of an event / that of reading the bytes, 15 KB", free: true,
			figure: cpuRatio(measure.Frames.Name, apiserver.Large),
		},
	}
}

// clusterAims returns those of whole clusters, of delays and of throughput.
func clusterAims() []aim {
	both := measure.Both.Name
	return []aim{
		{
			name: "memory with 100,000 pods of 15 KB", limit: 120, unit: "MB",
			figure: median(scale(measure.MostPods), megabytes),
		},
		{
			name: "CPU of an event with 100,000 pods / with 1,000", limit: 1.15,
			figure: ratio(scale(measure.MostPods), scale(measure.FewPods), cpu),
		},
		{
			name: "stdout p99 at 1,000 events/s", limit: 30, unit: "ms",
			figure: median(latency(both), func(o measure.Outcome) float64 { return milliseconds(o.Stdout.P99) }),
		},
		{
			name: "OTLP p99 at 1,000 events/s", limit: 250, unit: "ms",
			figure: median(latency(both), func(o measure.Outcome) float64 { return milliseconds(o.OTLP.P99) }),
		},
		{
			name: "lost in a burst of 100,000 events", limit: 0,
			figure: median(burst(both), func(o measure.Outcome) float64 { return float64(o.Lost) }),
		},
		{
			name: "throughput with a journal on disk / without", limit: .6, least: true,
			figure: ratio(cost(measure.Journal.Name, apiserver.Medium), cost(both, apiserver.Medium), perSecond),
		},
		{
			name: "throughput with the bundle plugin / without", limit: .7, least: true,
			figure: ratio(cost(measure.Bundle.Name, apiserver.Medium), cost(both, apiserver.Medium), perSecond),
		},
	}
}

func cost(subject string, size apiserver.Size) measure.Key {
	return measure.Key{Group: measure.Cost, Subject: subject, Pods: measure.FewPods, Size: size}
}

func scale(pods int) measure.Key {
	return measure.Key{Group: measure.Scale, Subject: measure.Both.Name, Pods: pods, Size: apiserver.Large}
}

func latency(subject string) measure.Key {
	return measure.Key{Group: measure.Latency, Subject: subject, Pods: measure.FewPods, Size: apiserver.Medium}
}

func burst(subject string) measure.Key {
	return measure.Key{Group: measure.Burst, Subject: subject, Pods: measure.ManyPods, Size: apiserver.Medium}
}

func cpu(o measure.Outcome) float64       { return float64(o.CPU) / float64(time.Microsecond) }
func perSecond(o measure.Outcome) float64 { return o.PerSecond }
func megabytes(o measure.Outcome) float64 { return float64(o.Steady) / (1 << 20) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func cpuRatio(than string, size apiserver.Size) func(measure.Results) (float64, bool) {
	return ratio(cost(measure.Both.Name, size), cost(than, size), cpu)
}

func median(k measure.Key, value func(measure.Outcome) float64) func(measure.Results) (float64, bool) {
	return func(r measure.Results) (float64, bool) { return r.Median(k, value) }
}

func ratio(of, by measure.Key, value func(measure.Outcome) float64) func(measure.Results) (float64, bool) {
	return func(r measure.Results) (float64, bool) {
		a, ok := r.Median(of, value)
		b, there := r.Median(by, value)
		return a / b, ok && there && b != 0
	}
}

// verdict is an aim and what became of it.
type verdict struct {
	aim
	value    float64
	measured bool
}

func judge(r measure.Results) (all []verdict) {
	for _, a := range aims() {
		value, ok := a.figure(r)
		all = append(all, verdict{a, value, ok})
	}
	return all
}

func (v verdict) missed() bool {
	switch {
	case v.free || !v.measured:
		return false
	case v.least:
		return v.value < v.limit
	default:
		return v.value > v.limit
	}
}

// String is one line: the aim, the figure, and whether it is reached.
func (v verdict) String() string {
	return fmt.Sprintf("%-54s %8s  %-15s %s", v.name, v.figureText(), v.limitText(), v.outcome())
}

func (v verdict) outcome() string {
	switch {
	case !v.measured:
		return "not measured"
	case v.free:
		return ""
	case v.missed():
		return "MISSED"
	default:
		return "ok"
	}
}

func (v verdict) figureText() string {
	if !v.measured {
		return "-"
	}
	return number(v.value) + space(v.unit)
}

func (v verdict) limitText() string {
	bound := "at most "
	switch {
	case v.free:
		return ""
	case v.least:
		bound = "at least "
	}
	return bound + number(v.limit) + space(v.unit)
}

func space(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

// number writes a figure with three digits at least.
func number(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f < 10:
		return fmt.Sprintf("%.3g", f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}

// Judge writes a line for each aim, and reports whether all are reached.
func Judge(w io.Writer, r measure.Results) (reached bool) {
	reached = true
	for _, v := range judge(r) {
		_, _ = fmt.Fprintln(w, v) // the exit status reports it, too
		reached = reached && !v.missed()
	}
	return reached
}
