package workloads

import (
	"maps"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// records returns the records of the news about a workload.
func (r Rules) records(all []news, w *workloadwire.Workload, at time.Time) []record.Record {
	if len(all) == 0 {
		return nil
	}
	records, pod := make([]record.Record, len(all)), podOf(w)
	for i := range all {
		records[i] = r.record(&all[i], w, at)
		records[i].Pod = pod
		records[i].Message = w.Kind + " " + w.Namespace + "/" + w.Name + " " + predicate(&all[i], &records[i], w.Kind)
	}
	return records
}

func (r Rules) record(n *news, w *workloadwire.Workload, at time.Time) record.Record {
	rec := record.Record{
		Time: at, Action: record.WorkloadChange, Level: level(n), Initial: n.initial,
		Object:          &record.Object{Kind: w.Kind, Name: w.Name},
		Rollout:         &record.RolloutInfo{Status: n.status, Generation: w.Generation, Replicas: replicasOf(w)},
		ResourceVersion: w.ResourceVersion,
	}
	about := "condition " + n.removed
	switch {
	case n.now != nil:
		about = "condition " + n.now.Type
		rec.Condition = &record.Condition{Type: n.now.Type, Status: n.now.Status}
		rec.Reason, rec.Info, rec.OccurredAt = n.now.Reason, n.now.Message, n.now.Changed
	case n.status == 0: // neither about a rollout, nor about a condition that exists
		rec.Condition = &record.Condition{Type: n.removed, Status: record.ConditionRemoved}
	case w.Generation <= 1 && n.started:
		rec.OccurredAt = w.CreationTimestamp.Time
	}
	if n.status != 0 {
		about = "rollout " + n.status.String()
	}
	rec.ID = record.NewID(r.Cluster, string(w.UID), w.ResourceVersion, record.WorkloadChange, about, 0)
	return rec
}

func level(n *news) record.Level {
	c := n.now
	switch {
	case n.status == record.Failed:
		return record.LevelError
	case n.status == record.Stalled:
		return record.LevelWarning
	case c == nil || n.status == record.Complete:
		return record.LevelInfo
	case c.Type == progressing && c.Reason == deadlineExceeded:
		return record.LevelWarning
	case c.Type == progressing && c.Status == isFalse,
		(c.Type == replicaFailure || c.Type == failureTarget || c.Type == failed) && c.Status == isTrue:
		return record.LevelError
	}
	return record.LevelInfo
}

// replicasOf returns the numbers of pods that the workload's kind has.
func replicasOf(w *workloadwire.Workload) record.Replicas {
	s := &w.Status
	if w.Kind == job {
		return record.Replicas{
			Desired: w.Spec.Replicas, Updated: -1, Ready: s.Ready, Available: -1, Succeeded: s.Succeeded, Failed: s.Failed,
		}
	}
	desired := w.Spec.Replicas
	if w.Kind == daemonSet {
		desired = s.Desired
	}
	return record.Replicas{
		Desired: desired, Updated: s.Updated, Ready: s.Ready, Available: s.Available, Succeeded: -1, Failed: -1,
	}
}

// predicate returns the message of a record behind its subject.
func predicate(n *news, r *record.Record, kind string) string {
	because := r.Reason
	if because != "" {
		because = ": " + because
	}
	because += record.Details(r.Info)
	switch n.status {
	case record.Progressing:
		return rolling(n, kind) + record.Details(r.Info)
	case record.Complete:
		if kind == job {
			return "is complete" + record.Details(r.Info)
		}
		return "is rolled out, " + available(r.Rollout.Replicas) + record.Details(r.Info)
	case record.Stalled:
		return "has a stalled rollout" + because
	case record.Failed:
		return "has failed" + because
	}
	if n.now == nil {
		return "no longer has condition " + n.removed
	}
	return "has condition " + r.Condition.Type + " " + r.Condition.Status + because
}

func rolling(n *news, kind string) string {
	switch {
	case kind == job && n.started:
		return "has started"
	case kind == job:
		return "is not complete"
	case n.started:
		return "has started a rollout"
	case n.initial:
		return "is rolling out"
	}
	return "continues its rollout"
}

func available(r record.Replicas) string {
	return strconv.Itoa(int(r.Available)) + " of " + strconv.Itoa(int(r.Desired)) + " pods are available"
}

// Labels of the pods of a revision.
const (
	templateHash   = "pod-template-hash"
	revisionHash   = "controller-revision-hash"
	appsV1         = "apps/v1"
	kindReplicaSet = "ReplicaSet"
)

// podOf returns what the pods of the workload's newest revision have in common, so that plugins
// add to the workload's records the same as to those of the pods.
func podOf(w *workloadwire.Workload) *record.Pod {
	self := record.Owner{
		OwnerRef: record.OwnerRef{APIVersion: apiVersion(w.Kind), Kind: w.Kind, Name: w.Name, UID: string(w.UID)},
		Labels:   w.Labels, Annotations: short(w.Annotations),
	}
	nearest, of := []record.Owner{self}, make(map[string]string, len(w.Template.Labels)+1)
	maps.Copy(of, w.Template.Labels)
	revision := revisionOf(w)
	switch {
	case revision == "" || strings.HasPrefix(revision, counted):
	case w.Kind == statefulSet:
		of[revisionHash] = revision
	case w.Kind == deployment: // its controller copies the annotations
		of[templateHash] = strings.TrimPrefix(revision, w.Name+"-")
		nearest = []record.Owner{{
			OwnerRef: record.OwnerRef{APIVersion: appsV1, Kind: kindReplicaSet, Name: revision},
			Labels:   of, Annotations: self.Annotations,
		}, self}
	}
	pod := record.NewWorkload(w.Namespace, nearest, controllerOf(w))
	pod.Labels, _ = record.LabelsWithin(of, record.MaxLabels) // for plugins only
	pod.Annotations = record.NewLabels(short(w.Template.Annotations))
	return pod
}

func apiVersion(kind string) string {
	if kind == job {
		return "batch/v1"
	}
	return appsV1
}

// short returns the annotations that are not too long for plugins.
func short(all map[string]string) map[string]string {
	kept := make(map[string]string, len(all))
	for key, value := range all {
		if len(value) <= record.MaxAnnotation {
			kept[key] = value
		}
	}
	return kept
}

func controllerOf(w *workloadwire.Workload) record.OwnerRef {
	c := metav1.GetControllerOfNoCopy(w)
	if c == nil {
		return record.OwnerRef{}
	}
	return record.OwnerRef{APIVersion: c.APIVersion, Kind: c.Kind, Name: c.Name, UID: string(c.UID)}
}
