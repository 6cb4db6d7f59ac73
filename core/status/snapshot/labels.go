package snapshot

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A pod may have more than a megabyte of labels and annotations, all of which its owner chooses. The program holds the
// state of every pod, and writes the labels into every record. So both have bounds: a state has a few of the labels
// and a hash of all, and the records of an event have those that fit into a line.
const (
	maxStateLabels = 4 << 10  // as record.LabelsWithin counts them
	maxAnnotations = 16 << 10 // of those that plugins need, likewise
	maxName        = 512      // bytes of a name in an owner reference; Kubernetes' own are half as long
)

// reuseLabels returns the labels of a state, which often are those before, and the hash of all labels if the state
// omits some. allBefore is the hash before.
func reuseLabels(before record.Labels, allBefore uint64, labels map[string]string) (kept record.Labels, all uint64) {
	if allBefore == 0 && before.Equal(labels) {
		return before, 0
	}
	if allBefore != 0 && allBefore == labelsHash(labels) {
		return before, allBefore
	}
	kept, complete := record.LabelsWithin(labels, maxStateLabels)
	if complete {
		return kept, 0
	}
	return kept, labelsHash(labels)
}

// labelsHash returns a hash of labels that does not depend on their order. It is never 0.
func labelsHash(labels map[string]string) (sum uint64) {
	for key, value := range labels {
		sum += mix(hash(key), hash(value))
	}
	return sum | 1
}

// SameLabels reports whether the labels of a pod are unchanged, including those that the states omit.
func (s *State) SameLabels(other *State) bool {
	if x, y := s.uncommon.Value().allLabels, other.uncommon.Value().allLabels; x|y != 0 {
		return x == y
	}
	return s.labels == other.labels
}

// recordLabels returns the labels for the records of an event with this pod, nil if it vanished, and whether they are
// not all of the pod's.
func (s *State) recordLabels(pod *corev1.Pod) (kept record.Labels, omitted bool) {
	if pod == nil || s.uncommon.Value().allLabels == 0 {
		return s.labels, s.uncommon.Value().allLabels != 0
	}
	kept, complete := record.LabelsWithin(pod.Labels, record.MaxLabels)
	return kept, !complete
}

// annotation returns the value of an annotation, "" if it is too long to be kept.
func annotation(pod *corev1.Pod, key string) string {
	if value := pod.Annotations[key]; len(value) <= record.MaxAnnotation {
		return value
	}
	return ""
}
