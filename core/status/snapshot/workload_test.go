package snapshot

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestWorkload(t *testing.T) {
	const apps, batch = "apps/v1", "batch/v1"
	for name, c := range map[string]struct {
		apiVersion, kind, owner, hash string
		want                          record.Workload
	}{
		"deployment": {
			apps, "ReplicaSet", "web-5f6d8b7c94", "5f6d8b7c94",
			record.Workload{Deployment: "web", ReplicaSet: "web-5f6d8b7c94"},
		},
		"hash of another": {
			apps, "ReplicaSet", "web-5f6d8b7c94", "7c9d", record.Workload{ReplicaSet: "web-5f6d8b7c94"},
		},
		"bare ReplicaSet":       {apps, "ReplicaSet", "web", "", record.Workload{ReplicaSet: "web"}},
		"ReplicaSet with dash":  {apps, "ReplicaSet", "web-", "", record.Workload{ReplicaSet: "web-"}},
		"StatefulSet":           {apps, "StatefulSet", "db", "", record.Workload{StatefulSet: "db"}},
		"DaemonSet":             {apps, "DaemonSet", "agent", "", record.Workload{DaemonSet: "agent"}},
		"Job":                   {batch, "Job", "migrate", "", record.Workload{Job: "migrate"}},
		"Job of Volcano":        {"batch.volcano.sh/v1alpha1", "Job", "mpi-29762640", "", record.Workload{}},
		"StatefulSet of Kruise": {"apps.kruise.io/v1beta1", "StatefulSet", "db", "", record.Workload{}},
		"ReplicaSet of nobody":  {"", "ReplicaSet", "web", "", record.Workload{}},
		"another kind":          {apps, "Rollout", "web", "", record.Workload{}},
		"a kind of both":        {batch, "ReplicaSet", "web", "", record.Workload{}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{}
			pod.OwnerReferences = []metav1.OwnerReference{
				{Kind: "Other", Name: "not-me"},
				{APIVersion: c.apiVersion, Kind: c.kind, Name: c.owner, Controller: new(true)},
			}
			pod.Labels = map[string]string{"pod-template-hash": c.hash}
			if got := workloadOf(pod, controllerRef(pod)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestCronJob checks which numbers at the end of a Job's name are a scheduled time.
func TestCronJob(t *testing.T) {
	created := time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC) // minute 29762640
	for job, want := range map[string]string{
		"backup-29762640":   "backup",
		"backup-29761200":   "backup", // a day before
		"backup-29764080":   "backup", // a day after: clocks differ
		"a-b-29762640":      "a-b",
		"backup-29719440":   "", // a month before
		"backup-20260803":   "", // the date
		"backup-42":         "",
		"backup":            "",
		"-29762640":         "",
		"backup-+29762640":  "",
		"backup-2976264000": "",
	} {
		if got := cronJobOf(job, created); got != want {
			t.Errorf("Job %s is that of CronJob %q, want %q", job, got, want)
		}
	}
	if got := cronJobOf("backup-29762640", time.Time{}); got != "" {
		t.Errorf("a pod without a time of creation is that of CronJob %q", got)
	}
}
