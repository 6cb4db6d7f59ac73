package workloads

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// Rules select workloads and make records of them.
type Rules struct {
	// Cluster is the name of the cluster, part of every record's id.
	Cluster string
	// Selector is the label selector of the watched pods, which a workload's template has to
	// match. nil: every workload is wanted.
	Selector labels.Selector
}

// Wants reports whether the workload is one to emit records of.
func (r Rules) Wants(w *workloadwire.Workload) bool {
	return r.Selector == nil || r.Selector.Matches(labels.Set(w.Template.Labels))
}

// String returns a text that differs if the rules select other workloads.
func (r Rules) String() string {
	if r.Selector == nil {
		return ""
	}
	return r.Selector.String()
}

// news is what a record is about: the status of the rollout, a condition, or both.
type news struct {
	status  record.RolloutStatus // zero: a condition only
	started bool                 // the rollout has started
	initial bool                 // the workload existed before
	now     *workloadwire.Condition
	removed string // the type of a condition that the workload no longer has
}

// Compare returns the state of a workload, and the records of the changes since an earlier one.
// Without an earlier one, or with that of another workload of the same name, it is new.
func (r Rules) Compare(before State, w *workloadwire.Workload, at time.Time) (State, []record.Record) {
	was, _ := before.view()
	if was.uid != string(w.UID) {
		was = view{}
	}
	status, decides := statusOf(w)
	revision := revisionOf(w)
	var all []news
	last := was.status
	if last == 0 || starts(was.revision, revision) {
		all = append(all, news{status: record.Progressing, started: true})
		last = record.Progressing
	}
	if observed(w) && moves(last, status) {
		all = append(all, news{status: status})
		last = status
	}
	if revision == "" {
		revision = was.revision
	}
	all = conditionNews(all, was.conditions, w.Status.Conditions, decides)
	return stateOf(w, revision, last), r.records(all, w, at)
}

// moves reports whether a rollout gets another status without a start. One that is complete
// stays so when pods fail or the workload is scaled, as no other revision is rolled out.
func moves(from, to record.RolloutStatus) bool {
	return from != to && (to != record.Progressing || from == record.Stalled)
}

// Initial returns the state of a workload that existed before the first start, and the record
// of its rollout.
func (r Rules) Initial(w *workloadwire.Workload, at time.Time) (State, []record.Record) {
	status, decides := statusOf(w)
	records := r.records([]news{{status: status, initial: true, now: decides}}, w, at)
	return stateOf(w, revisionOf(w), status), records
}

// conditionNews appends the news about conditions that changed. If the one that decides on the
// rollout has changed, it is part of the last news about that.
func conditionNews(
	all []news, was []condition, now []workloadwire.Condition, decides *workloadwire.Condition,
) []news {
	rollouts := len(all)
	for i := range now {
		c := &now[i]
		at := slices.IndexFunc(was, func(w condition) bool { return w.typ == c.Type })
		switch {
		case at >= 0 && was[at].equals(c):
		case c == decides && rollouts > 0:
			all[rollouts-1].now = c
		default:
			all = append(all, news{now: c})
		}
	}
	for _, c := range was {
		if find(now, c.typ) == nil {
			all = append(all, news{removed: c.typ})
		}
	}
	return all
}
