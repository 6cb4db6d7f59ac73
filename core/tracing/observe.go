package tracing

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span/podspan"
)

// Change is a change of a pod, as the pipeline finds it.
type Change struct {
	// UID, Namespace and Name identify the pod.
	UID, Namespace, Name string
	// Pod is its present version; nil if it vanished during a gap.
	Pod *corev1.Pod
	// At is when that was received.
	At time.Time
	// First is whether nothing was known of the pod before, Initial whether it existed before the first start, and Gone
	// whether it is deleted.
	First, Initial, Gone bool
	// Records are those of the change.
	Records []record.Record
}

// observation is what a change contributes to spans, without the pod.
type observation struct {
	life           // identifies the pod
	record         *record.Pod
	at, stop       time.Time
	first, initial bool
	gone           bool
	end            podspan.End
	phases         []podspan.Phase
	runs           []podspan.Phase // that ended
	lost           *incident
	reason         string // why the pod isn't ready, unless it is being deleted
}

// Observe notes a change, for the next [Tracker.Settle]. It keeps nothing of the pod but strings.
func (t *Tracker) Observe(c Change) {
	if c.UID == "" || len(c.Records) == 0 && !c.Gone && !t.follows(c.UID) {
		return
	}
	o := observation{
		life: life{UID: c.UID, Namespace: c.Namespace, Name: c.Name},
		at:   c.At, first: c.First, initial: c.Initial, gone: c.Gone,
	}
	if len(c.Records) > 0 {
		o.record = c.Records[0].Pod
	}
	if c.Pod == nil {
		o.end = podspan.End{At: c.At, Error: "Deleted"}
	} else {
		o.read(&c)
	}
	t.group = append(t.group, o)
	t.observed[c.UID] = struct{}{}
}

// follows reports whether the tracker has state about a pod.
func (t *Tracker) follows(uid string) bool {
	_, now := t.observed[uid]
	return now || t.lives[uid] != nil
}

func (o *observation) read(c *Change) {
	pod := c.Pod
	o.Node = pod.Spec.NodeName
	if created := pod.CreationTimestamp.Time; !future(created, c.At) {
		o.Created = created
	}
	o.end = podspan.EndOf(pod, c.At, c.Gone)
	if !o.end.At.IsZero() {
		o.phases = podspan.Phases(pod, o.end.At)
	}
	o.runs = endedRuns(pod, c.Records)
	o.lost = lostOf(pod, c.At)
	if pod.DeletionTimestamp == nil {
		o.reason = podspan.Reason(pod)
	}
	if c.Gone {
		o.stop = podspan.StopOf(pod)
	}
}

// endedRuns returns the runs whose end the records report, which they do once for each.
func endedRuns(pod *corev1.Pod, records []record.Record) (runs []podspan.Phase) {
	for i := range records {
		c := records[i].Container
		if c == nil || records[i].State != record.Error && records[i].State != record.Terminated {
			continue
		}
		status := statusOf(pod, c.Name)
		if status == nil {
			continue
		}
		if run, ok := podspan.EndedRun(pod, status); ok && run.End.Equal(records[i].OccurredAt) {
			runs = append(runs, run)
		}
	}
	return runs
}

func statusOf(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, list := range [...][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// delay is how long after the end of a container the kubelet may report it.
const delay = 10 * time.Second

// future reports whether a time in a pod is later than any clock may show.
func future(t, received time.Time) bool { return t.After(received.Add(longest)) }

// lostOf returns the incident that a pod is in, nil if it isn't in one. A pod that was ready once has become unready
// after it was initialized.
func lostOf(pod *corev1.Pod, received time.Time) *incident {
	if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning {
		return nil
	}
	since, reason := unreadySinceInitialized(pod)
	if since.IsZero() || future(since, received) || completes(pod) {
		return nil
	}
	in := &incident{Since: since, Run: since.Unix(), Error: reason}
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		run, ok := podspan.EndedRun(pod, c)
		if !ok || c.Ready || c.State.Running != nil && since.Sub(run.End).Abs() > delay {
			continue
		}
		in.Container, in.Run, in.Error = c.Name, int64(run.Run), cmp.Or(run.Error, reason)
		in.Since = earlier(since, run.End)
	}
	return in
}

// unreadySinceInitialized returns when a pod became unready after it was initialized, and why; zero if it didn't.
func unreadySinceInitialized(pod *corev1.Pod) (since time.Time, reason string) {
	var initialized time.Time
	for i := range pod.Status.Conditions {
		switch c := &pod.Status.Conditions[i]; {
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse:
			since, reason = c.LastTransitionTime.Time, c.Reason
		case c.Type == corev1.PodInitialized && c.Status == corev1.ConditionTrue:
			initialized = c.LastTransitionTime.Time
		}
	}
	if initialized.IsZero() || !since.After(initialized) {
		return time.Time{}, ""
	}
	return since, reason
}

// completes reports whether only containers that have done their work make a pod unready.
func completes(pod *corev1.Pod) bool {
	if pod.Spec.RestartPolicy == corev1.RestartPolicyAlways {
		return false
	}
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		if t := c.State.Terminated; !c.Ready && (t == nil || t.ExitCode != 0) {
			return false
		}
	}
	return true
}
