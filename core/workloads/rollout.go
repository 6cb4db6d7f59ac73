package workloads

import (
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// Kinds and conditions of Kubernetes.
const (
	deployment  = "Deployment"
	statefulSet = "StatefulSet"
	daemonSet   = "DaemonSet"
	job         = "Job"

	progressing    = "Progressing"
	replicaFailure = "ReplicaFailure"
	complete       = "Complete"
	failed         = "Failed"
	failureTarget  = "FailureTarget"

	deadlineExceeded = "ProgressDeadlineExceeded"
	isTrue           = "True"
	isFalse          = "False"
)

// statusOf returns how far the rollout of a workload is, and the condition that decides; nil:
// none does. For Deployments, StatefulSets and DaemonSets the rules are those of kubectl rollout
// status:
// https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go
func statusOf(w *workloadwire.Workload) (record.RolloutStatus, *workloadwire.Condition) {
	if w.Kind == job {
		return jobStatus(w)
	}
	decides := find(w.Status.Conditions, progressing)
	switch {
	case !observed(w):
		return record.Progressing, decides
	case decides != nil && decides.Reason == deadlineExceeded:
		return record.Stalled, decides
	case done(w):
		return record.Complete, decides
	}
	return record.Progressing, decides
}

// observed reports whether the status is about the present generation, as far as it has one.
func observed(w *workloadwire.Workload) bool {
	seen := w.Status.ObservedGeneration
	return w.Kind == job || w.Generation <= seen && (w.Kind != statefulSet || seen != 0)
}

func done(w *workloadwire.Workload) bool {
	s := &w.Status
	switch w.Kind {
	case daemonSet:
		return s.Updated >= s.Desired && s.Available >= s.Desired
	case statefulSet:
		return statefulSetDone(w)
	}
	return s.Updated >= w.Spec.Replicas && s.Replicas <= s.Updated && s.Available >= s.Updated
}

// statefulSetDone also has a rule for OnDelete, of which kubectl has none: its controller never
// moves the current revision.
func statefulSetDone(w *workloadwire.Workload) bool {
	s, replicas := &w.Status, w.Spec.Replicas
	switch {
	case s.Ready < replicas:
		return false
	case w.Spec.OnDelete:
		return s.Updated >= replicas
	case w.Spec.Partitioned:
		return s.Updated >= replicas-w.Spec.Partition
	}
	return s.UpdateRevision == s.CurrentRevision
}

func jobStatus(w *workloadwire.Workload) (record.RolloutStatus, *workloadwire.Condition) {
	if c := find(w.Status.Conditions, failed); c != nil && c.Status == isTrue {
		return record.Failed, c
	}
	if c := find(w.Status.Conditions, complete); c != nil && c.Status == isTrue {
		return record.Complete, c
	}
	return record.Progressing, nil
}

func find(all []workloadwire.Condition, typ string) *workloadwire.Condition {
	for i := range all {
		if all[i].Type == typ {
			return &all[i]
		}
	}
	return nil
}

// Annotations in which Kubernetes counts the revisions of Deployments and DaemonSets.
const (
	deploymentRevision = "deployment.kubernetes.io/revision"
	templateGeneration = "deprecated.daemonset.template.generation"
)

// Annotations returns the keys of the annotations that workloads need to have.
func Annotations() []string { return []string{deploymentRevision, templateGeneration} }

// counted begins a revision that is a number.
const counted = "#"

// revisionOf returns the revision that a workload rolls out, as far as its controller has
// observed it; "" if it is unknown. Unlike the generation, it stays the same when a workload is
// scaled or paused.
func revisionOf(w *workloadwire.Workload) string {
	switch w.Kind {
	case deployment:
		if c := find(w.Status.Conditions, progressing); c != nil {
			return replicaSetIn(c.Message, w.Name)
		}
		return count(w.Annotations[deploymentRevision]) // there is no progressDeadlineSeconds
	case statefulSet:
		return w.Status.UpdateRevision
	case daemonSet:
		return count(w.Annotations[templateGeneration])
	}
	return ""
}

func count(revision string) string {
	if revision == "" {
		return ""
	}
	return counted + revision
}

// hashDigits are the characters of the hash of a pod template.
const hashDigits = "bcdfghjklmnpqrstvwxz2456789"

// replicaSetIn returns the name of the newest ReplicaSet of a Deployment in a message such as
// `ReplicaSet "web-5d9c7b8f66" is progressing.`, "" if there is none. No other field has it.
func replicaSetIn(message, deployment string) string {
	_, rest, _ := strings.Cut(message, `"`+deployment+"-")
	hash, _, ok := strings.Cut(rest, `"`)
	if !ok || hash == "" || strings.Trim(hash, hashDigits) != "" {
		return ""
	}
	return deployment + "-" + hash
}

// starts reports whether another revision is rolled out. A revision that is known for the first
// time, or in another way, is no other one.
func starts(before, now string) bool {
	return before != "" && now != "" && before != now &&
		strings.HasPrefix(before, counted) == strings.HasPrefix(now, counted)
}
