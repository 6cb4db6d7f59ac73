package measure

import (
	"context"
	"fmt"
	"log"
	"slices"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
)

// Group is what trials are made for. Only outcomes of one group compare.
type Group string

// The groups.
const (
	Cost    Group = "cost"    // of an event, at full speed
	Latency Group = "latency" // at a thousand events a second
	Scale   Group = "scale"   // with few and many pods
	Burst   Group = "burst"   // of many events at once
)

// Numbers of the plan that aims and tables speak of.
const (
	FewPods     = 1_000
	ManyPods    = 10_000
	MostPods    = 100_000
	LatencyRate = 1000 // events a second
	BurstEvents = 100_000
)

// Key names the trials that are alike.
type Key struct {
	Group   Group
	Subject string
	Pods    int
	Size    apiserver.Size
}

// Results are the outcomes of all rounds.
type Results map[Key][]Outcome

// Median is that of what value picks from the outcomes that have not failed; false
// where there is none.
func (r Results) Median(k Key, value func(Outcome) float64) (float64, bool) {
	var values []float64
	for _, o := range r[k] {
		if o.Failure == "" {
			values = append(values, value(o))
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	return Median(values), true
}

// series is a number of trials whose rounds alternate.
type series struct {
	group  Group
	rounds int
	trials []Trial
}

// Plan is what to measure, in order.
type Plan []series

// Full takes a quarter of an hour.
func Full() Plan {
	return Plan{
		{Cost, 5, across(All(), 10_000, apiserver.Small, apiserver.Medium, apiserver.Large)},
		{Latency, 3, paced(5000)},
		{Scale, 3, scaled(60_000, []Subject{Both}, FewPods, ManyPods, MostPods)},
		{Scale, 1, scaled(5000, []Subject{Informer, K8sobjects}, FewPods, ManyPods, MostPods)},
		{Burst, 1, bursts(Both, Journal, Informer, K8sobjects)},
	}
}

// Quick takes three minutes, and has all that aims are about.
func Quick() Plan {
	return Plan{
		{Cost, 3, across(All(), 3000, apiserver.Medium, apiserver.Large)},
		{Latency, 1, paced(3000)},
		{Scale, 2, scaled(30_000, []Subject{Both}, FewPods, MostPods)},
		{Burst, 1, bursts(Both)},
	}
}

// Only leaves out the other groups.
func (p Plan) Only(groups ...Group) Plan {
	return slices.DeleteFunc(slices.Clone(p), func(s series) bool { return !slices.Contains(groups, s.group) })
}

// Of returns only the trials of these programs.
func (p Plan) Of(names ...string) Plan {
	left := slices.Clone(p)
	for i, s := range left {
		left[i].trials = slices.DeleteFunc(slices.Clone(s.trials),
			func(t Trial) bool { return !slices.Contains(names, t.Subject.Name) })
	}
	return left
}

// Programs are the names of those that are measured.
func (p Plan) Programs() (names []string) {
	for _, s := range p {
		for _, t := range s.trials {
			if !slices.Contains(names, t.Subject.Name) {
				names = append(names, t.Subject.Name)
			}
		}
	}
	return names
}

// light is how many times more events there are for those who need little for one: their total
// cost has to be much more than the fixed cost of a process.
const light = 5

func across(subjects []Subject, events int, sizes ...apiserver.Size) (all []Trial) {
	for _, size := range sizes {
		for _, s := range subjects {
			t := Trial{Subject: s, Pods: FewPods, Size: size, Events: events * light}
			if s.Name == K8sobjects.Name || s.Name == Informer.Name {
				t.Events = events
			}
			all = append(all, t)
		}
	}
	return all
}

func paced(events int) (all []Trial) {
	for _, s := range []Subject{Both, K8sobjects, Informer} {
		all = append(all, Trial{Subject: s, Pods: FewPods, Size: apiserver.Medium, Events: events, Rate: LatencyRate})
	}
	return all
}

func scaled(events int, subjects []Subject, pods ...int) (all []Trial) {
	for _, n := range pods {
		for _, s := range subjects {
			all = append(all, Trial{Subject: s, Pods: n, Size: apiserver.Large, Events: events, Memory: true})
		}
	}
	return all
}

func bursts(subjects ...Subject) (all []Trial) {
	for _, s := range subjects {
		all = append(all, Trial{Subject: s, Pods: ManyPods, Size: apiserver.Medium, Events: BurstEvents})
	}
	return all
}

// Run makes all trials of a plan, with the programs in a folder.
func Run(ctx context.Context, p Plan, bin string, progress *log.Logger) (Results, error) {
	results := make(Results)
	for _, s := range p {
		for round := range s.rounds {
			for _, t := range s.trials {
				o, err := Try(ctx, bin, t)
				if err != nil {
					return nil, fmt.Errorf("%s of %s with %d pods of %d bytes: %w", s.group, t.Subject.Name, t.Pods, t.Size, err)
				}
				k := Key{s.group, t.Subject.Name, t.Pods, t.Size}
				results[k] = append(results[k], o)
				progress.Printf("%s %d/%d: %s, %d pods of %d KB: %s", s.group, round+1, s.rounds, t.Subject.Name, t.Pods,
					t.Size>>10, o)
			}
		}
	}
	return results, nil
}

// String returns a short description of an outcome.
func (o Outcome) String() string {
	if o.Failure != "" {
		return o.Failure
	}
	return fmt.Sprintf("%v of CPU an event, %.0f events/s, %d MB", o.CPU, o.PerSecond, o.Steady>>20)
}
