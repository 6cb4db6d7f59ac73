package snapshot

import (
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Settings decide which values of a pod its state contains.
type Settings struct {
	// ServiceFromLabels derives the service also from the labels
	// app.kubernetes.io/instance, name and version.
	ServiceFromLabels bool

	// Annotations are the keys of the annotations that plugins need.
	Annotations []string
}

// Of returns the state of a pod with these containers. It reuses the values of prev, nil
// for none, that are unchanged: that saves memory and is faster.
func (c Settings) Of(prev *State, pod *corev1.Pod, containers Containers) *State {
	var before State
	var allBefore uint64
	if prev != nil {
		before, allBefore = *prev, prev.uncommon.Value().allLabels
	}
	labels, allLabels := reuseLabels(before.labels, allBefore, pod.Labels)
	s := &State{
		uid:         parseUID(string(pod.UID)),
		version:     parseVersion(pod.ResourceVersion),
		name:        pod.Name,
		owner:       reuse(before.owner, c.ownerOf(pod)),
		node:        reuse(before.node, pod.Spec.NodeName),
		phase:       reuse(before.phase, string(pod.Status.Phase)),
		labels:      labels,
		annotations: c.annotationsOf(pod),
		conditions:  conditionsOf(before.conditions, ConditionsIn(pod)),
		containers:  containers,
	}
	if prev != nil {
		s.name = prev.name
	}
	s.uncommon = reuse(before.uncommon, uncommon{
		uid:     unless(s.uid != uid{}, string(pod.UID)),
		version: unless(s.version != 0, pod.ResourceVersion),
		reason:  pod.Status.Reason,
		message: hash(pod.Status.Message),
		grace:   graceOf(pod),

		causeMessage: CauseOf(pod).Info,
		allLabels:    allLabels,
	})
	return s
}

// unless returns s, or "" if the state contains it in another form.
func unless(contained bool, s string) string {
	if contained {
		return ""
	}
	return s
}

// reuse returns the handle of a value, which often is the one before.
func reuse[T comparable](before unique.Handle[T], v T) unique.Handle[T] {
	if before != (unique.Handle[T]{}) && before.Value() == v {
		return before
	}
	return unique.Make(v)
}

func (c Settings) ownerOf(pod *corev1.Pod) owner {
	name, image := mainContainer(pod)
	ref := controllerRef(pod)
	w := workloadOf(pod, ref)
	return owner{
		namespace: pod.Namespace, container: name, controller: controllerOf(ref),
		workload: w, service: c.serviceOf(pod, w, image),
	}
}

// annotationsOf returns the annotations of the pod that plugins need, as far as they have room. Most pods have none of
// them.
func (c Settings) annotationsOf(pod *corev1.Pod) record.Labels {
	var wanted map[string]string
	for _, key := range c.Annotations {
		value, ok := pod.Annotations[key]
		if !ok || len(value) > record.MaxAnnotation {
			continue
		}
		if wanted == nil {
			wanted = make(map[string]string, len(c.Annotations))
		}
		wanted[key] = value
	}
	kept, _ := record.LabelsWithin(wanted, maxAnnotations)
	return kept
}

func graceOf(pod *corev1.Pod) int64 {
	switch {
	case pod.DeletionTimestamp == nil:
		return NotDeleting
	case pod.DeletionGracePeriodSeconds == nil:
		return 0
	}
	return *pod.DeletionGracePeriodSeconds
}
