package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
	"github.com/pod-status-logger/pod-status-logger/bench/measure"
	"github.com/pod-status-logger/pod-status-logger/bench/report"
)

// good are results with which every aim is reached.
func good() measure.Results {
	r := make(measure.Results)
	for _, size := range []apiserver.Size{apiserver.Small, apiserver.Medium, apiserver.Large} {
		for _, s := range measure.All() {
			r[measure.Key{
				Group: measure.Cost, Subject: s.Name, Pods: measure.FewPods, Size: size,
			}] = []measure.Outcome{{CPU: 10 * time.Microsecond, PerSecond: 5000}}
		}
		r[measure.Key{
			Group: measure.Cost, Subject: measure.K8sobjects.Name, Pods: measure.FewPods, Size: size,
		}] = []measure.Outcome{{CPU: 500 * time.Microsecond}}
		r[measure.Key{
			Group: measure.Cost, Subject: measure.Informer.Name, Pods: measure.FewPods, Size: size,
		}] = []measure.Outcome{{CPU: 100 * time.Microsecond}}
	}
	for _, pods := range []int{measure.FewPods, measure.MostPods} {
		r[measure.Key{
			Group: measure.Scale, Subject: measure.Both.Name, Pods: pods, Size: apiserver.Large,
		}] = []measure.Outcome{{CPU: 10 * time.Microsecond, Steady: 100 << 20}}
	}
	delay := measure.Delay{P50: time.Millisecond, P99: 20 * time.Millisecond}
	r[measure.Key{
		Group: measure.Latency, Subject: measure.Both.Name, Pods: measure.FewPods, Size: apiserver.Medium,
	}] = []measure.Outcome{{Stdout: delay, OTLP: delay}}
	r[measure.Key{
		Group: measure.Burst, Subject: measure.Both.Name, Pods: measure.ManyPods, Size: apiserver.Medium,
	}] = []measure.Outcome{{Drained: time.Second}}
	return r
}

func bench(results measure.Results, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	runner := func(context.Context, measure.Plan, string, *log.Logger) (measure.Results, error) { return results, nil }
	status = run(context.Background(), args, &out, &errs, runner)
	return status, out.String(), errs.String()
}

func TestExitStatus(t *testing.T) {
	change := func(k measure.Key, o measure.Outcome) measure.Results {
		r := good()
		if _, ok := r[k]; !ok {
			t.Fatalf("no %v", k)
		}
		r[k] = []measure.Outcome{o}
		return r
	}
	scale := measure.Key{Group: measure.Scale, Subject: measure.Both.Name, Pods: measure.MostPods, Size: apiserver.Large}
	for name, c := range map[string]struct {
		results measure.Results
		missed  string // the beginning of a line
		want    int
	}{
		"all reached": {results: good()},
		"an aim is missed": {
			change(scale, measure.Outcome{CPU: 10 * time.Microsecond, Steady: 121 << 20}), "memory with 100,000 pods of 15 KB",
			1,
		},
		"an aim from below is missed": {
			change(measure.Key{
				Group: measure.Cost, Subject: measure.Journal.Name, Pods: measure.FewPods, Size: apiserver.Medium,
			}, measure.Outcome{PerSecond: 2900}),
			"throughput with a journal on disk", 1,
		},
		"one event is lost": {
			change(measure.Key{Group: measure.Burst, Subject: measure.Both.Name, Pods: measure.ManyPods, Size: apiserver.Medium},
				measure.Outcome{Lost: 1}),
			"lost in a burst", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := bench(c.results)
			if status != c.want {
				t.Errorf("exit status %d, want %d: %s", status, c.want, stderr)
			}
			var missed []string
			for line := range strings.Lines(stdout) {
				if strings.HasSuffix(line, "MISSED\n") {
					missed = append(missed, line)
				}
			}
			if c.missed == "" && len(missed) > 0 ||
				c.missed != "" && (len(missed) != 1 || !strings.HasPrefix(missed[0], c.missed)) {
				t.Errorf("missed: %q, want %q", missed, c.missed)
			}
		})
	}
}

func TestChosenPrograms(t *testing.T) {
	var trials []string
	runner := func(_ context.Context, p measure.Plan, _ string, _ *log.Logger) (measure.Results, error) {
		trials = p.Programs()
		return good(), nil
	}
	if status := run(context.Background(), []string{"-only=burst", "-programs=informer,stdout+otlp"}, io.Discard,
		io.Discard, runner); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if want := []string{"stdout+otlp", "informer"}; !slices.Equal(trials, want) {
		t.Errorf("measured %v, want %v", trials, want)
	}
}

func TestBadFlag(t *testing.T) {
	for _, flag := range []string{"-fast", "-only=speed", "-programs=informer,cat", "-only=burst -programs=frames"} {
		if status, _, stderr := bench(good(), strings.Fields(flag)...); status != 2 || !strings.Contains(stderr, flag) {
			t.Errorf("exit status %d: %s", status, stderr)
		}
	}
}

func TestPageAndPlots(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.md")
	if err := os.WriteFile(page, []byte("# Title\n"+report.Begin+"\nold\n"+report.End+"\nend\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := bench(good(), "--page", page, "--images", dir)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Title\n" + report.Begin, "| memory with 100,000 pods of 15 KB | 100 MB | at most 120 MB | ok |",
		report.End + "\nend\n", "GB, Linux ",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("what was there before is still there")
	}
	table, _, _ := strings.Cut(stdout, "Aims:")
	if !strings.Contains(string(text), table) {
		t.Error("the page has other tables than stdout")
	}
	for _, name := range []string{"bench-cpu.svg", "bench-memory.svg", "bench-latency.svg"} {
		if svg, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Contains(svg, []byte("</svg>")) {
			t.Errorf("%s: %v, %d bytes", name, err, len(svg))
		}
	}
}

func TestPageWithoutMarkers(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("# Title\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := bench(good(), "--page", page)
	if text, _ := os.ReadFile(page); status != 1 || string(text) != "# Title\n" ||
		!strings.Contains(stderr, report.Begin) {
		t.Errorf("exit status %d, page %q: %s", status, text, stderr)
	}
}

func TestTablesTellOfFailures(t *testing.T) {
	r := good()
	r[measure.Key{
		Group: measure.Scale, Subject: measure.K8sobjects.Name, Pods: measure.MostPods, Size: apiserver.Large,
	}] = []measure.Outcome{{Failure: "too much memory: more than 15397 MB"}}
	_, stdout, _ := bench(r)
	if want := "| 100,000 | - | too much memory: more than 15397 MB | - | - |"; !strings.Contains(stdout, want) {
		t.Errorf("no %q in:\n%s", want, stdout)
	}
	if unmeasured := "| Collector, `k8sobjects` receiver, OTLP alone | 1,000 |"; strings.Contains(stdout, unmeasured) {
		t.Errorf("there is a row of what was not measured: %s", unmeasured)
	}
}
