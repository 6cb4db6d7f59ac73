package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// Story is the explanation of a pod.
type Story struct {
	// First names the cause, or reports that there was no failure.
	First string
	// Identity names the bundle of the pod, its node and its images.
	Identity string
	// Then are the other troubles in their order, and how the story ended.
	Then []string
	// Message is Kubernetes' message about the cause, unchanged.
	Message string
	// Help and Link are empty without a cause.
	Help, Link string
}

// trouble is a cause with the first record that shows it.
type trouble struct {
	cause *Cause
	at    time.Time
	fact  *timeline.Fact
	count int
}

// together is the time within which a pod's end explains the terminations of its containers.
const together = 5 * time.Second

// Pod explains a pod of a rollout. Times are those of the location.
func Pod(r *timeline.Rollout, p *timeline.Pod, in *time.Location) Story {
	troubles := troublesOf(p, Causes())
	s := Story{Identity: identity(r, p)}
	if len(troubles) == 0 {
		s.First = "Pod " + p.Namespace + "/" + p.Name + " " + withoutTrouble(p) + "."
		s.end(p, in)
		return s
	}
	first := first(troubles)
	s.First, s.Message = first.sentence(p, in), first.message()
	s.Help, s.Link = first.cause.Help, first.cause.Link()
	for _, t := range troubles {
		if t != first {
			s.Then = append(s.Then, t.sentence(p, in))
		}
	}
	s.end(p, in)
	return s
}

// troublesOf returns the causes of a pod in the order of their first records.
func troublesOf(p *timeline.Pod, causes []Cause) (found []*trouble) {
	byKey := map[string]*trouble{}
	add := func(at time.Time, f *timeline.Fact, times int) {
		c := find(causes, f)
		if c == nil {
			return
		}
		key := c.Rule + "\x00" + f.Container
		if t := byKey[key]; t != nil {
			t.count += times
			if at.Before(t.at) {
				t.at, t.fact = at, f
			}
			return
		}
		t := &trouble{cause: c, at: at, fact: f, count: times}
		byKey[key] = t
		found = append(found, t)
	}
	rows := []*timeline.Row{&p.Row}
	for _, c := range p.Containers {
		rows = append(rows, &c.Row)
		for i := range c.Intervals {
			if v := &c.Intervals[i]; v.Kind != timeline.Done && v.Kind != timeline.Failed { // those have marks
				add(v.Start, &v.Fact, attempts(v))
			}
		}
	}
	for _, row := range rows {
		for i := range row.Marks {
			add(row.Marks[i].At, &row.Marks[i].Fact, ends(&row.Marks[i].Fact))
		}
	}
	slices.SortStableFunc(found, func(a, b *trouble) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(b.cause.weight, a.cause.weight))
	})
	return found
}

// attempts returns how many failures an interval stands for. A back-off is none.
func attempts(v *timeline.Interval) int {
	if v.Kind != timeline.BackOff {
		return 1
	}
	return 0
}

// ends returns how many failures a mark stands for. That of a container that can't start has an interval, too.
func ends(f *timeline.Fact) int {
	if f.Reason == "StartError" || f.Reason == "ContainerCannotRun" {
		return 0
	}
	return 1
}

// first returns the trouble that explains the others: the earliest with the greatest weight. The end of the pod comes
// first only if nothing had failed before.
func first(troubles []*trouble) *trouble {
	best := troubles[0]
	for _, t := range troubles[1:] {
		switch {
		case t.cause.weight == fate && best.cause.weight == failure:
			if t.at.Sub(best.at) <= together {
				best = t
			}
		case t.cause.weight > best.cause.weight:
			best = t
		}
	}
	return best
}

func (t *trouble) sentence(p *timeline.Pod, in *time.Location) string {
	subject := "Pod " + p.Namespace + "/" + p.Name
	if t.fact.Container != "" {
		subject = "Container " + t.fact.Container
		if t.fact.Type != "" && t.fact.Type != "container" {
			subject = strings.ToUpper(t.fact.Type[:1]) + t.fact.Type[1:] + " container " + t.fact.Container
		}
		subject += " of pod " + p.Namespace + "/" + p.Name
	}
	when := ", at " + t.at.In(in).Format("15:04:05")
	if t.count > 1 && t.fact.Container != "" {
		when = fmt.Sprintf(", first at %s, %d times", t.at.In(in).Format("15:04:05"), t.count)
	}
	return subject + " " + t.cause.sentence(t.fact) + when + "."
}

func (t *trouble) message() string {
	if info := strings.TrimSpace(t.fact.Info); info != "" {
		return info
	}
	if t.fact.Container != "" && t.fact.HasExitCode && t.fact.Reason != "" {
		return fmt.Sprintf("%s (exit code %d)", t.fact.Reason, t.fact.ExitCode)
	}
	return t.fact.Reason
}

func identity(r *timeline.Rollout, p *timeline.Pod) string {
	var b strings.Builder
	b.WriteString("It ")
	if r.ID != "" {
		fmt.Fprintf(&b, "belongs to %s (%s), and ", strings.TrimSpace(r.Name+" "+r.Version), r.ID)
	}
	if p.Node == "" {
		b.WriteString("was on no node")
	} else {
		b.WriteString("was on node " + p.Node)
	}
	for _, c := range p.Containers {
		if c.Image != "" && c.Type == "container" {
			b.WriteString("; container " + c.Name + " has image " + c.Image)
		}
	}
	return b.String() + "."
}
