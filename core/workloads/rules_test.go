package workloads

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

type workload = workloadwire.Workload

// TestStatus holds the statuses to those of kubectl rollout status.
func TestStatus(t *testing.T) {
	type status = workloadwire.Status
	type spec = workloadwire.Spec
	deadline := []workloadwire.Condition{{Type: progressing, Status: isFalse, Reason: deadlineExceeded}}
	for _, c := range []struct {
		name, kind string
		generation int64
		spec       spec
		status     status
		want       record.RolloutStatus
	}{
		{
			"not observed", deployment, 2,
			spec{Replicas: 1},
			status{ObservedGeneration: 1, Replicas: 1, Updated: 1, Ready: 1, Available: 1},
			record.Progressing,
		},
		{"none updated", deployment, 2, spec{Replicas: 3}, status{ObservedGeneration: 2, Replicas: 3}, record.Progressing},
		{
			"old ones are left", deployment, 2,
			spec{Replicas: 3},
			status{ObservedGeneration: 2, Replicas: 4, Updated: 3, Available: 3},
			record.Progressing,
		},
		{
			"not available", deployment, 2,
			spec{Replicas: 3},
			status{ObservedGeneration: 2, Replicas: 3, Updated: 3, Available: 2},
			record.Progressing,
		},
		{
			"available", deployment, 2,
			spec{Replicas: 3},
			status{ObservedGeneration: 2, Replicas: 3, Updated: 3, Available: 3},
			record.Complete,
		},
		{"without pods", deployment, 2, spec{}, status{ObservedGeneration: 3}, record.Complete},
		{"deadline", deployment, 2, spec{Replicas: 3}, status{ObservedGeneration: 2, Conditions: deadline}, record.Stalled},
		{
			"deadline of before", deployment, 3,
			spec{Replicas: 3},
			status{ObservedGeneration: 2, Conditions: deadline},
			record.Progressing,
		},

		{"not observed", daemonSet, 2, spec{}, status{ObservedGeneration: 1}, record.Progressing},
		{"none updated", daemonSet, 2, spec{}, status{ObservedGeneration: 2, Desired: 2, Available: 2}, record.Progressing},
		{
			"not available", daemonSet, 2,
			spec{},
			status{ObservedGeneration: 2, Desired: 2, Updated: 2, Available: 1},
			record.Progressing,
		},
		{
			"available", daemonSet, 2,
			spec{},
			status{ObservedGeneration: 2, Desired: 2, Updated: 2, Available: 2},
			record.Complete,
		},

		{"never observed", statefulSet, 0, spec{}, status{}, record.Progressing},
		{"not observed", statefulSet, 2, spec{}, status{ObservedGeneration: 1}, record.Progressing},
		{
			"not ready", statefulSet, 2,
			spec{Replicas: 3, Partitioned: true},
			status{ObservedGeneration: 2, Ready: 2, Updated: 3},
			record.Progressing,
		},
		{
			"not updated", statefulSet, 2,
			spec{Replicas: 3, Partitioned: true},
			status{ObservedGeneration: 2, Ready: 3, Updated: 2},
			record.Progressing,
		},
		{
			"updated", statefulSet, 2,
			spec{Replicas: 3, Partitioned: true},
			status{ObservedGeneration: 2, Ready: 3, Updated: 3},
			record.Complete,
		},
		{
			"updated to the partition", statefulSet, 2,
			spec{Replicas: 3, Partitioned: true, Partition: 2},
			status{ObservedGeneration: 2, Ready: 3, Updated: 1, CurrentRevision: "a", UpdateRevision: "b"},
			record.Complete,
		},
		{
			"two revisions", statefulSet, 2,
			spec{Replicas: 3},
			status{ObservedGeneration: 2, Ready: 3, Updated: 3, CurrentRevision: "a", UpdateRevision: "b"},
			record.Progressing,
		},
		{
			"one revision", statefulSet, 2,
			spec{Replicas: 3},
			status{ObservedGeneration: 2, Ready: 3, CurrentRevision: "b", UpdateRevision: "b"},
			record.Complete,
		},
		{
			"deletions are awaited", statefulSet, 2,
			spec{Replicas: 3, OnDelete: true},
			status{ObservedGeneration: 2, Ready: 3, Updated: 2, CurrentRevision: "a", UpdateRevision: "b"},
			record.Progressing,
		},
		{
			"all were deleted", statefulSet, 2,
			spec{Replicas: 3, OnDelete: true},
			status{ObservedGeneration: 2, Ready: 3, Updated: 3, CurrentRevision: "a", UpdateRevision: "b"},
			record.Complete,
		},

		{"running", job, 1, spec{Replicas: 1}, status{Active: 1}, record.Progressing},
		{
			"complete", job, 1,
			spec{Replicas: 1},
			status{Succeeded: 1, Conditions: []workloadwire.Condition{{Type: complete, Status: isTrue}}},
			record.Complete,
		},
		{
			"failing", job, 1,
			spec{Replicas: 1},
			status{Conditions: []workloadwire.Condition{{Type: failureTarget, Status: isTrue}}},
			record.Progressing,
		},
		{
			"failed", job, 1,
			spec{Replicas: 1},
			status{Conditions: []workloadwire.Condition{{Type: failed, Status: isTrue}}},
			record.Failed,
		},
	} {
		t.Run(c.kind+" "+c.name, func(t *testing.T) {
			w := &workload{
				ObjectMeta: metav1.ObjectMeta{Name: "web", Generation: c.generation}, Kind: c.kind, Spec: c.spec, Status: c.status,
			}
			if got, _ := statusOf(w); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func newWorkload(kind string, changes ...func(*workload)) *workload {
	w := &workload{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "u", ResourceVersion: "7", Generation: 1,
			CreationTimestamp: metav1.Unix(1000, 0),
		},
		Kind: kind, Spec: workloadwire.Spec{Replicas: 2, Partitioned: true},
	}
	for _, change := range changes {
		change(w)
	}
	return w
}

func generation(spec, seen int64) func(*workload) {
	return func(w *workload) { w.Generation, w.Status.ObservedGeneration = spec, seen }
}

func pods(all, updated, ready int32) func(*workload) {
	return func(w *workload) {
		w.Status.Replicas, w.Status.Updated, w.Status.Ready, w.Status.Available = all, updated, ready, ready
		w.Status.Desired = w.Spec.Replicas
	}
}

func with(typ, status, reason, message string) func(*workload) {
	return func(w *workload) {
		w.Status.Conditions = append(w.Status.Conditions, workloadwire.Condition{
			Type: typ, Status: status, Reason: reason, Message: message, Changed: time.Unix(2000, 0),
		})
	}
}

func revision(name string) func(*workload) {
	return func(w *workload) { w.Status.UpdateRevision = name }
}

func annotation(key, value string) func(*workload) {
	return func(w *workload) { w.Annotations = map[string]string{key: value} }
}

const (
	first, second = `ReplicaSet "web-5d9c7b8f66" is progressing.`, `ReplicaSet "web-6b8f9d7d5c" is progressing.`

	isAvailable = "Available"
	noQuota     = `pods "web-5d9c7b8f66-x" is forbidden: exceeded quota: shop`
)

// TestCompare plays the stories of workloads, and compares the messages of their records.
func TestCompare(t *testing.T) {
	const d, s, ds, j = deployment, statefulSet, daemonSet, job
	updated := func(message string) func(*workload) { return with(progressing, isTrue, "ReplicaSetUpdated", message) }
	availableNow := func(message string) func(*workload) {
		return with(progressing, isTrue, "NewReplicaSetAvailable", message)
	}
	for name, c := range map[string]struct {
		story []*workload
		want  []string
	}{
		"a new Deployment": {
			[]*workload{
				newWorkload(d),
				newWorkload(d, generation(1, 0), with(progressing, isTrue, "NewReplicaSetCreated",
					`Created new replica set "web-5d9c7b8f66"`)),
				newWorkload(d, generation(1, 1), pods(2, 2, 0), updated(first), with(isAvailable, isFalse, "Minimum", "")),
				newWorkload(d, generation(1, 1), pods(2, 2, 1), updated(first), with(isAvailable, isFalse, "Minimum", "other")),
				newWorkload(d, generation(1, 1), pods(2, 2, 2), availableNow(first), with(isAvailable, isTrue, "Minimum", "")),
			},
			[]string{
				"has started a rollout",
				`has condition Progressing True: NewReplicaSetCreated (Created new replica set "web-5d9c7b8f66")`,
				"has condition Progressing True: ReplicaSetUpdated (" + first + ")", "has condition Available False: Minimum",
				"is rolled out, 2 of 2 pods are available (" + first + ")", "has condition Available True: Minimum",
			},
		},
		"another template": {
			[]*workload{
				newWorkload(d, generation(1, 1), pods(2, 2, 2), availableNow(first)),
				newWorkload(d, generation(2, 1), pods(2, 2, 2), availableNow(first)),
				newWorkload(d, generation(2, 1), pods(2, 2, 2), with(progressing, isTrue, "NewReplicaSetCreated", second)),
				newWorkload(d, generation(2, 2), pods(3, 1, 2), updated(second)),
				newWorkload(d, generation(2, 2), pods(2, 2, 2), availableNow(second)),
			},
			[]string{
				"has started a rollout", "is rolled out, 2 of 2 pods are available (" + first + ")",
				"has started a rollout (" + second + ")", "has condition Progressing True: ReplicaSetUpdated (" + second + ")",
				"is rolled out, 2 of 2 pods are available (" + second + ")",
			},
		},
		"scaled, and pods that fail": {
			[]*workload{
				newWorkload(d, generation(1, 1), pods(2, 2, 2), availableNow(first)),
				newWorkload(d, generation(2, 1), pods(1, 1, 1), availableNow(first)),
				newWorkload(d, generation(2, 2), pods(2, 2, 1), availableNow(first)),
				newWorkload(d, generation(2, 2), pods(2, 2, 2), availableNow(first)),
			},
			[]string{"has started a rollout", "is rolled out, 2 of 2 pods are available (" + first + ")"},
		},
		"a deadline": {
			[]*workload{
				newWorkload(d, generation(1, 1), updated(first), with(replicaFailure, isTrue, "FailedCreate", noQuota)),
				newWorkload(d, generation(1, 1), with(progressing, isFalse, deadlineExceeded, first),
					with(replicaFailure, isTrue, "FailedCreate", noQuota)),
				newWorkload(d, generation(2, 1), with(progressing, isFalse, deadlineExceeded, first),
					with(replicaFailure, isTrue, "FailedCreate", noQuota)),
				newWorkload(d, generation(2, 2), pods(1, 1, 0), updated(first)),
				newWorkload(d, generation(2, 2), pods(2, 2, 2), availableNow(first)),
			},
			[]string{
				"has started a rollout (" + first + ")", "has condition ReplicaFailure True: FailedCreate (" + noQuota + ")",
				"has a stalled rollout: ProgressDeadlineExceeded (" + first + ")",
				"continues its rollout (" + first + ")", "no longer has condition ReplicaFailure",
				"is rolled out, 2 of 2 pods are available (" + first + ")",
			},
		},
		"without a deadline": {
			[]*workload{
				newWorkload(d, generation(1, 1), pods(2, 2, 2), annotation(deploymentRevision, "1")),
				newWorkload(d, generation(2, 1), pods(2, 2, 2), annotation(deploymentRevision, "2")),
				newWorkload(d, generation(2, 2), pods(2, 2, 2), annotation(deploymentRevision, "2")),
			},
			[]string{
				"has started a rollout", "is rolled out, 2 of 2 pods are available", "has started a rollout",
				"is rolled out, 2 of 2 pods are available",
			},
		},
		"a StatefulSet": {
			[]*workload{
				newWorkload(s), newWorkload(s, generation(1, 1), revision("web-a"), pods(1, 1, 0)),
				newWorkload(s, generation(1, 1), revision("web-a"), pods(2, 2, 2)),
				newWorkload(s, generation(2, 1), revision("web-a"), pods(2, 2, 2)),
				newWorkload(s, generation(2, 2), revision("web-b"), pods(2, 0, 2)),
				newWorkload(s, generation(2, 2), revision("web-b"), pods(2, 1, 1)),
				newWorkload(s, generation(2, 2), revision("web-b"), pods(2, 2, 2)),
			},
			[]string{
				"has started a rollout", "is rolled out, 2 of 2 pods are available",
				"has started a rollout", "is rolled out, 2 of 2 pods are available",
			},
		},
		"a DaemonSet": {
			[]*workload{
				newWorkload(ds, annotation(templateGeneration, "1")),
				newWorkload(ds, generation(1, 1), pods(2, 2, 2), annotation(templateGeneration, "1")),
				newWorkload(ds, generation(2, 1), pods(2, 2, 2), annotation(templateGeneration, "1")),
				newWorkload(ds, generation(3, 1), pods(2, 2, 2), annotation(templateGeneration, "2")),
				newWorkload(ds, generation(3, 3), pods(2, 1, 2), annotation(templateGeneration, "2")),
				newWorkload(ds, generation(3, 3), pods(2, 2, 2), annotation(templateGeneration, "2")),
			},
			[]string{
				"has started a rollout", "is rolled out, 2 of 2 pods are available",
				"has started a rollout", "is rolled out, 2 of 2 pods are available",
			},
		},
		"a Job": {
			[]*workload{
				newWorkload(j), newWorkload(j, with("SuccessCriteriaMet", isTrue, "CompletionsReached", "")),
				newWorkload(j, with("SuccessCriteriaMet", isTrue, "CompletionsReached", ""),
					with(complete, isTrue, "CompletionsReached", "Reached expected number of succeeded pods")),
			},
			[]string{
				"has started", "has condition SuccessCriteriaMet True: CompletionsReached",
				"is complete (Reached expected number of succeeded pods)",
			},
		},
		"a Job that fails": {
			[]*workload{
				newWorkload(j, with("Suspended", isTrue, "JobSuspended", "")),
				newWorkload(j, with("Suspended", isFalse, "JobResumed", "")),
				newWorkload(j, with("Suspended", isFalse, "JobResumed", ""),
					with(failureTarget, isTrue, "BackoffLimitExceeded", "")),
				newWorkload(j, with("Suspended", isFalse, "JobResumed", ""),
					with(failureTarget, isTrue, "BackoffLimitExceeded", ""),
					with(failed, isTrue, "BackoffLimitExceeded", "Job has reached the specified backoff limit")),
			},
			[]string{
				"has started", "has condition Suspended True: JobSuspended", "has condition Suspended False: JobResumed",
				"has condition FailureTarget True: BackoffLimitExceeded",
				"has failed: BackoffLimitExceeded (Job has reached the specified backoff limit)",
			},
		},
		"replaced by another of its name": {
			[]*workload{
				newWorkload(d, generation(1, 1), pods(2, 2, 2), availableNow(first)),
				newWorkload(d, func(w *workload) { w.UID = "v" }),
			},
			[]string{
				"has started a rollout", "is rolled out, 2 of 2 pods are available (" + first + ")", "has started a rollout",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var state State
			var got []string
			ids := map[record.ID]bool{}
			for i, w := range c.story {
				w.ResourceVersion = string(rune('a' + i))
				var records []record.Record
				if state, records = (Rules{}).Compare(state, w, time.Now()); !state.Known(w) {
					t.Error("the state is not that of the workload")
				}
				if _, again := (Rules{}).Compare(state, w, time.Now()); len(again) > 0 {
					t.Errorf("once more, there is %q", again[0].Message)
				}
				for _, r := range records {
					got = append(got, strings.TrimPrefix(r.Message, w.Kind+" shop/web "))
					if ids[r.ID] {
						t.Errorf("%q has the id of another record", r.Message)
					}
					ids[r.ID] = true
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLevels: failed is an error, stalled a warning, anything else information.
func TestLevels(t *testing.T) {
	for want, ws := range map[record.Level][]*workload{
		record.LevelError: {
			newWorkload(job, with(failed, isTrue, "", "")), newWorkload(job, with(failureTarget, isTrue, "", "")),
			newWorkload(deployment, with(replicaFailure, isTrue, "", "")),
			newWorkload(deployment, with(progressing, isFalse, "ReplicaSetCreateError", "")),
		},
		record.LevelWarning: {newWorkload(deployment, generation(1, 1), with(progressing, isFalse, deadlineExceeded, ""))},
		record.LevelInfo: {
			newWorkload(job, with(complete, isTrue, "", "")), newWorkload(deployment, with(isAvailable, isFalse, "", "")),
			newWorkload(deployment, with(replicaFailure, isFalse, "", "")), newWorkload(deployment),
			newWorkload(deployment, generation(1, 1), pods(2, 2, 2), with(progressing, isTrue, "NewReplicaSetAvailable", "")),
		},
	} {
		for i, w := range ws {
			_, records := Rules{}.Compare(State{}, w, time.Now())
			got := record.LevelInfo
			for _, r := range records {
				got = max(got, r.Level)
			}
			if got != want {
				t.Errorf("%v %d: got %v", want, i, got)
			}
		}
	}
}

// TestInitial: an existing workload has one record, about its rollout.
func TestInitial(t *testing.T) {
	w := newWorkload(deployment, generation(1, 1), with(progressing, isFalse, deadlineExceeded, first),
		with(isAvailable, isFalse, "", ""))
	state, records := Rules{}.Initial(w, time.Now())
	if len(records) != 1 || !records[0].Initial || records[0].Rollout.Status != record.Stalled ||
		records[0].Reason != deadlineExceeded {
		t.Errorf("records %+v", records)
	}
	if _, again := (Rules{}).Compare(state, w, time.Now()); len(again) > 0 {
		t.Errorf("compared with itself: %q", again[0].Message)
	}
	for kind, want := range map[string]string{job: "is not complete", deployment: "is rolling out"} {
		if _, records := (Rules{}).Initial(newWorkload(kind), time.Now()); !strings.HasSuffix(records[0].Message, want) {
			t.Errorf("got %q, want %q", records[0].Message, want)
		}
	}
}

// TestWants: a label selector selects by the labels of the pods.
func TestWants(t *testing.T) {
	w := newWorkload(deployment)
	w.Template.Labels = map[string]string{"app": "web"}
	selector, err := labels.Parse("app=web")
	if err != nil {
		t.Fatal(err)
	}
	r := Rules{Selector: selector}
	if !r.Wants(w) || r.Wants(newWorkload(deployment)) || !(Rules{}).Wants(w) || r.String() != "app=web" {
		t.Error("the selector does not select by the template's labels")
	}
}
