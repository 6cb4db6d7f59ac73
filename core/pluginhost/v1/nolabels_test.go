package v1

import (
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// TestNoLabels: a plugin that needs no labels receives none.
func TestNoLabels(t *testing.T) {
	pod := &record.Pod{Labels: record.NewLabels(map[string]string{"app": "web"})}
	for _, needs := range []*enrichv1.Needs{{}, {NoLabels: true}, {NoLabels: true, Labels: []string{"app"}}} {
		var out enrichv1.Pod
		newShared(needs).pod(&out, pod)
		if got := len(out.GetLabels()) == 0; got != needs.GetNoLabels() {
			t.Errorf("%v: labels %v", needs, out.GetLabels())
		}
	}
}
