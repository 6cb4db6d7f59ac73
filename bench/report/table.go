package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
	"github.com/pod-status-logger/pod-status-logger/bench/measure"
)

// titleOf returns the name of a program in tables.
func titleOf(s measure.Subject) string {
	return map[string]string{
		measure.Stdout.Name:     "pod-status-logger, stdout alone",
		measure.Both.Name:       "**pod-status-logger, stdout and OTLP**",
		measure.Journal.Name:    "... with a journal on disk",
		measure.Bundle.Name:     "... with the plugin `bundle`",
		measure.K8sobjects.Name: "Collector, `k8sobjects` receiver, OTLP alone",
		measure.Informer.Name:   "informer program, stdout and OTLP",
		measure.Decode.Name:     "client-go watch that throws pods away",
		measure.Frames.Name:     "reading the bytes",
	}[s.Name]
}

func sizes() []apiserver.Size {
	return []apiserver.Size{apiserver.Small, apiserver.Medium, apiserver.Large}
}

// table is one in Markdown.
type table struct{ b strings.Builder }

func newTable(head ...string) *table {
	t := new(table)
	t.row(head...)
	t.row(append([]string{"---"}, slicesOf("--:", len(head)-1)...)...)
	return t
}

func slicesOf(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func (t *table) row(cells ...string) { t.b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }

// cell is a median, "-" where there is none.
func cell(r measure.Results, k measure.Key, value func(measure.Outcome) float64) string {
	v, ok := r.Median(k, value)
	if !ok {
		return "-"
	}
	return number(v)
}

// known is like cell, but zero stands for what isn't known.
func known(r measure.Results, k measure.Key, value func(measure.Outcome) float64) string {
	if v, ok := r.Median(k, value); !ok || v == 0 {
		return "-"
	}
	return cell(r, k, value)
}

func times(f func(measure.Results) (float64, bool), r measure.Results) string {
	v, ok := f(r)
	if !ok {
		return "-"
	}
	return number(v)
}

// Tables returns the tables, in Markdown.
func Tables(r measure.Results) string {
	parts := []string{
		"CPU time of an event (user and system) in µs, at full speed with 1,000 pods, and its ratio to ours\n" +
			"with both sinks and to reading the bytes:\n\n" + costTable(r),
		"Of the same runs, with pods of 5 KB:\n\n" + speedTable(r),
		"From the API server's write until the record was there, in ms, at 1,000 events a second:\n\n" + latencyTable(r),
		"Pods of 15 KB, after a list of all of them and some thousand events; CPU in µs, memory in MB:\n\n" + scaleTable(r),
		"A burst of 100,000 events, at 10,000 pods of 5 KB:\n\n" + burstTable(r),
		"Aims:\n\n" + aimTable(r),
	}
	return strings.Join(parts, "\n")
}

func costTable(r measure.Results) string {
	t := newTable("", "2 KB", "5 KB", "15 KB", "× ours, 5 KB", "15 KB", "× bytes, 5 KB", "15 KB")
	for _, s := range measure.All() {
		cells := []string{titleOf(s)}
		for _, size := range sizes() {
			cells = append(cells, cell(r, cost(s.Name, size), cpu))
		}
		for _, than := range []string{measure.Both.Name, measure.Frames.Name} {
			for _, size := range sizes()[1:] {
				cells = append(cells, times(ratio(cost(s.Name, size), cost(than, size), cpu), r))
			}
		}
		t.row(cells...)
	}
	return t.b.String()
}

func speedTable(r measure.Results) string {
	t := newTable("", "events/s", "allocations an event", "MB resident", "MB at most")
	for _, s := range measure.All() {
		k := cost(s.Name, apiserver.Medium)
		t.row(titleOf(s), cell(r, k, perSecond), known(r, k, func(o measure.Outcome) float64 { return o.Mallocs }),
			cell(r, k, megabytes), cell(r, k, peak))
	}
	return t.b.String()
}

func peak(o measure.Outcome) float64 { return float64(o.Peak) / (1 << 20) }

func latencyTable(r measure.Results) string {
	t := newTable("", "stdout p50", "p99", "OTLP p50", "p99", "CPU of an event, µs")
	for _, s := range []measure.Subject{measure.Both, measure.K8sobjects, measure.Informer} {
		cells := []string{titleOf(s)}
		for _, value := range []func(measure.Outcome) float64{
			func(o measure.Outcome) float64 { return milliseconds(o.Stdout.P50) },
			func(o measure.Outcome) float64 { return milliseconds(o.Stdout.P99) },
			func(o measure.Outcome) float64 { return milliseconds(o.OTLP.P50) },
			func(o measure.Outcome) float64 { return milliseconds(o.OTLP.P99) },
		} {
			cells = append(cells, known(r, latency(s.Name), value))
		}
		t.row(append(cells, cell(r, latency(s.Name), cpu))...)
	}
	return t.b.String()
}

func scaleTable(r measure.Results) string {
	t := newTable("", "pods", "CPU an event", "MB resident", "MB at most", "seconds until listed")
	for _, s := range []measure.Subject{measure.Both, measure.K8sobjects, measure.Informer} {
		for _, pods := range []int{measure.FewPods, measure.ManyPods, measure.MostPods} {
			k := scale(pods)
			k.Subject = s.Name
			if len(r[k]) == 0 {
				continue
			}
			if failure := r[k][0].Failure; failure != "" {
				t.row(titleOf(s), thousands(pods), "-", failure, "-", "-")
				continue
			}
			t.row(titleOf(s), thousands(pods), cell(r, k, cpu), cell(r, k, megabytes), cell(r, k, peak),
				cell(r, k, func(o measure.Outcome) float64 { return o.Synced.Seconds() }))
		}
	}
	return t.b.String()
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func burstTable(r measure.Results) string {
	t := newTable("", "lost", "seconds until all was there", "events/s")
	for _, s := range []measure.Subject{measure.Both, measure.Journal, measure.K8sobjects, measure.Informer} {
		k := burst(s.Name)
		if len(r[k]) == 0 {
			continue
		}
		t.row(titleOf(s), cell(r, k, func(o measure.Outcome) float64 { return float64(o.Lost) }),
			cell(r, k, func(o measure.Outcome) float64 { return o.Drained.Seconds() }), cell(r, k, perSecond))
	}
	return t.b.String()
}

func aimTable(r measure.Results) string {
	t := newTable("", "figure", "aim", "")
	for _, v := range judge(r) {
		t.row(v.name, v.figureText(), v.limitText(), v.outcome())
	}
	return t.b.String()
}
