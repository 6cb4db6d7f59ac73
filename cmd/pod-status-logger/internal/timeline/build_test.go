package timeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/input"
)

// demo returns the records of a run of the demo.
func demo(t *testing.T) (records []input.Record) {
	t.Helper()
	f, err := os.Open("input/testdata/stdout.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := input.NewReader(func(r *input.Record) error {
		records = append(records, *r)
		return nil
	})
	if err := r.Read(f.Name(), f); err != nil {
		t.Fatal(err)
	}
	return records
}

func build(t *testing.T, f Filter, records ...input.Record) *Timeline {
	t.Helper()
	b := NewBuilder(f)
	for i := range records {
		if err := b.Add(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}

// describe returns the intervals and marks of all rows, a line each.
func describe(t *Timeline) string {
	var b strings.Builder
	row := func(name string, r *Row) {
		fmt.Fprintf(&b, "%s:", name)
		for _, i := range r.Intervals {
			end := i.End.Sub(t.Start).String()
			if i.Open {
				end = ""
			}
			fmt.Fprintf(&b, " %s %v-%s", i.Kind, i.Start.Sub(t.Start), end)
		}
		for _, m := range r.Marks {
			fmt.Fprintf(&b, " (%s %v %s)", m.Kind, m.At.Sub(t.Start), m.Reason)
		}
		b.WriteString("\n")
	}
	for _, r := range t.Rollouts {
		for _, p := range r.Pods {
			row(p.Name, &p.Row)
			for _, c := range p.Containers {
				row("  "+c.Name, &c.Row)
			}
		}
	}
	return b.String()
}

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// after returns a time that many seconds after the start.
func after(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// of returns a record of the pod p about its container c, unless change removes that.
func of(seconds float64, state, reason string, change ...func(*input.Record)) input.Record {
	r := input.Record{
		Received: after(seconds), Action: "update", Level: "info", State: state, Reason: reason, Namespace: "ns", Pod: "p",
		UID: "u", Node: "n", Phase: "Running", Container: "c", ContainerType: "container",
		ID: fmt.Sprintf("%032x", int(seconds*1000)),
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func created(r *input.Record) { r.Action, r.Container, r.Node, r.Phase = "create", "", "", "Pending" }

func pod(r *input.Record) { r.Container, r.ContainerType = "", "" }

func ready(r *input.Record) { r.Ready = true }

func failed(r *input.Record) { r.Level, r.ExitCode, r.HasExitCode = "error", 1, true }

func at(seconds float64) func(*input.Record) {
	return func(r *input.Record) { r.OccurredAt = after(seconds) }
}

func TestIntervals(t *testing.T) {
	for name, c := range map[string]struct {
		records []input.Record
		want    string
	}{
		"a healthy pod": {
			[]input.Record{
				of(0, "", "", created), of(1, "waiting", "", pod), of(2, "waiting", "ContainerCreating"),
				of(3, "running", ""), of(5, "running", "", ready),
			},
			`p: not scheduled 0s-1s starting 1s-3s running, not ready 3s-5s ready 5s-
  c: starting 2s-3s running, not ready 3s-5s ready 5s-
`,
		},
		"a crash loop": {
			[]input.Record{
				of(0, "running", "", ready), of(1, "terminated", "Error", failed), of(2, "waiting", "CrashLoopBackOff"),
				of(9, "running", "", ready, func(r *input.Record) { r.Restarts = 1 }),
			},
			`p: ready 0s-1s failed 1s-2s back-off 2s-9s ready 9s-
  c: ready 0s-1s failed 1s-2s back-off 2s-9s ready 9s- (failure 1s Error)
`,
		},
		"Kubernetes' seconds, and the time of receipt within them": {
			[]input.Record{
				of(0.5, "running", "", ready, at(0)), of(7.2, "terminated", "Error", failed, at(4)),
				of(7.2, "running", "", ready, at(6), func(r *input.Record) { r.Restarts, r.ID = 1, "" }),
			},
			`p: ready 0s-3.5s failed 3.5s-5.5s ready 5.5s-
  c: ready 0s-3.5s failed 3.5s-5.5s ready 5.5s- (failure 3.5s Error)
`,
		},
		"a pod that existed": {
			[]input.Record{
				of(0, "", "", created, at(-3600), func(r *input.Record) { r.Initial, r.Phase = true, "Running" }),
				of(4, "running", "", pod, func(r *input.Record) { r.Message = "pod ns/p is being deleted" }),
				of(5, "", "", func(r *input.Record) { r.Action = "delete" }, at(4)),
			},
			`p: ready -1h0m0s-4s being deleted 4s-5s
`,
		},
		"a pod whose node is down, and that is ready again": {
			[]input.Record{
				of(0, "running", "", ready),
				of(2, "running", "", pod, func(r *input.Record) {
					r.Condition, r.ConditionStatus, r.Level = "Ready", "False", "warning"
				}),
				of(3, "running", "", pod, func(r *input.Record) { r.Condition, r.ConditionStatus = "Ready", "True" }),
			},
			`p: ready 0s-2s running, not ready 2s-3s ready 3s- (warning 2s )
  c: ready 0s-
`,
		},
		"an evicted pod": {
			[]input.Record{
				of(0, "running", "", ready),
				of(2, "error", "Evicted", pod, func(r *input.Record) { r.Phase, r.Level = "Failed", "error" }),
				of(2.5, "error", "TerminationByKubelet", pod, func(r *input.Record) {
					r.Phase, r.Level, r.Condition, r.ConditionStatus = "Failed", "warning", "DisruptionTarget", "True"
				}),
				of(3, "", "", func(r *input.Record) { r.Action = "delete" }),
			},
			`p: ready 0s-2s failed 2s-3s (failure 2s Evicted) (disruption 2.5s TerminationByKubelet)
  c: ready 0s-3s
`,
		},
		"the worst container": {
			[]input.Record{
				of(0, "running", "", ready),
				of(1, "error", "ErrImagePull", func(r *input.Record) { r.Container = "d" }),
				of(2, "running", "", ready, func(r *input.Record) { r.Container = "d" }),
				of(3, "error", "ErrImagePull", func(r *input.Record) { r.Container, r.ContainerType = "e", "ephemeral" }),
			},
			`p: ready 0s-1s can't start 1s-2s ready 2s-
  c: ready 0s-
  d: can't start 1s-2s ready 2s-
  e: can't start 3s-
`,
		},
		"a condition with the time of another age": {
			[]input.Record{
				of(0, "", "", created, at(0)),
				of(1, "running", "", pod, at(-9e6), func(r *input.Record) { r.Condition, r.Level = "gate", "warning" }),
				of(2, "running", "", ready, at(9e6)),
			},
			`p: not scheduled 0s-1s starting 1s-2s ready 2s- (warning 1s )
  c: ready 2s-
`,
		},
		"a replay of a recording: it has the time of the replay": {
			[]input.Record{
				of(9e6, "", "", created, at(0)), of(9e6+.001, "waiting", "ContainerCreating"),
				of(9e6+.002, "running", "", ready, at(4)), of(9e6+.003, "waiting", "CrashLoopBackOff"),
				of(9e6+.004, "", "", func(r *input.Record) { r.Action = "delete" }, at(2)),
			},
			`p: not scheduled 0s-0s starting 0s-4s ready 4s-4s back-off 4s-4s
  c: starting 0s-4s ready 4s-4s back-off 4s-4s
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, describe(build(t, Filter{}, c.records...))); diff != "" {
				t.Errorf("intervals (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrderAndDuplicates: neither the order of records nor duplicates change the timeline.
func TestOrderAndDuplicates(t *testing.T) {
	records := demo(t)
	want := build(t, Filter{}, records...)
	shuffled := slices.Concat(records, records[5:20])
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) {
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	got := build(t, Filter{}, shuffled...)
	if diff := cmp.Diff(describe(want), describe(got)); diff != "" {
		t.Errorf("intervals (-in order +shuffled):\n%s", diff)
	}
	if got.Duplicates != 15 {
		t.Errorf("%d duplicates, want 15", got.Duplicates)
	}
}

// TestRowsHaveNoGaps: in the demo's rows, each interval begins where the one before ends.
func TestRowsHaveNoGaps(t *testing.T) {
	tl := build(t, Filter{}, demo(t)...)
	for _, r := range tl.Rollouts {
		for _, p := range r.Pods {
			for i := 1; i < len(p.Intervals); i++ {
				if before, is := p.Intervals[i-1], p.Intervals[i]; !before.End.Equal(is.Start) || before.Open {
					t.Errorf("%s: %v ends at %v, %v starts at %v", p.Name, before.Kind, before.End, is.Kind, is.Start)
				}
			}
		}
	}
}

// TestClusters: pods of the same name in several clusters have rows of their own.
func TestClusters(t *testing.T) {
	records := demo(t)
	one := build(t, Filter{}, records...)
	for i := range records {
		r := records[i]
		r.Cluster = "another"
		r.ID = "f" + r.ID[1:]
		records = append(records, r)
	}
	both := build(t, Filter{}, records...)
	if len(both.Rollouts) != 2*len(one.Rollouts) || both.Rollouts[0].Cluster != "another" {
		t.Errorf("%d rollouts in two clusters, %d in one", len(both.Rollouts), len(one.Rollouts))
	}
}

func TestFilter(t *testing.T) {
	records := demo(t)
	for name, c := range map[string]struct {
		filter Filter
		want   string
	}{
		"a namespace":           {Filter{Namespaces: []string{"batch", "default"}}, "failer-64d8cc85cd-th2g8 report-28f6d"},
		"a pod":                 {Filter{Pods: []string{"report-28f6d"}}, "report-28f6d"},
		"a pattern":             {Filter{Pods: []string{"shop/cart-7*"}}, "cart-7c9d5b8f66-q4m8z"},
		"a bundle":              {Filter{Bundles: []string{"cart"}}, "cart-5f6d8b7c94-x7k2p cart-7c9d5b8f66-q4m8z"},
		"a version of a bundle": {Filter{Bundles: []string{"helm/shop/cart@2.4.0"}}, "cart-7c9d5b8f66-q4m8z"},
		"nothing":               {Filter{Bundles: []string{"cart@3"}}, ""},
		"the end": {
			Filter{Since: Moment{Before: 500 * time.Millisecond}}, "cart-7c9d5b8f66-q4m8z report-28f6d",
		},
		"the beginning": {Filter{Until: Moment{Time: records[0].Received}}, "cart-5f6d8b7c94-x7k2p"},
	} {
		t.Run(name, func(t *testing.T) {
			var names []string
			for _, r := range build(t, c.filter, records...).Rollouts {
				for _, p := range r.Pods {
					names = append(names, p.Name)
				}
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestMemory: a million records of many pods take some hundred bytes each, however long their lines are.
func TestMemory(t *testing.T) {
	const records, pods = 1_000_000, 1000
	b := NewBuilder(Filter{})
	for i := range records {
		r := of(float64(i), "running", "", ready, at(float64(i)), func(r *input.Record) {
			r.Pod = fmt.Sprintf("pod-%d", i%pods)
			r.Message = strings.Repeat("long ", 100)
			r.Restarts = int32(i / pods)
		})
		if err := b.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if mib := memory.HeapAlloc >> 20; mib > 300 {
		t.Errorf("%d MiB for %d records", mib, records)
	}
	if b.Records() != records {
		t.Errorf("%d records", b.Records())
	}
}

func TestTooMany(t *testing.T) {
	b := NewBuilder(Filter{})
	b.records = MaxRecords
	r := of(0, "running", "")
	if err := b.Add(&r); err == nil {
		t.Error("a record too many was added")
	}
}
