package snapshot

import (
	"strconv"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// TestStoredWithAllLabels: the state of an earlier version has all labels of its pod. The same pod makes no record.
func TestStoredWithAllLabels(t *testing.T) {
	pod := samplePod()
	for i := range 10_000 {
		pod.Labels[strconv.Itoa(i)] = "some value"
	}
	s := stateOf(pod)
	m := s.message()
	m.AllLabelsHash, m.Labels = 0, pairsOf(record.NewLabels(pod.Labels))
	earlier, err := restored(m)
	if err != nil {
		t.Fatal(err)
	}
	if *s != *earlier {
		t.Errorf("the state of an earlier version is restored with %d bytes of labels, want %d", earlier.labels.Size(),
			s.labels.Size())
	}
}
