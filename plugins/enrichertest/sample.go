package enrichertest

import (
	"fmt"
	"strconv"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// firstTime is 2026-01-02 03:04:05 UTC. Samples don't depend on the clock.
const firstTime = 1767323045_000000000

// sample returns record i of a cluster. Pods and changes take turns at different paces,
// so that all pairs of them occur.
func sample(i int) *enrichv1.Record {
	pods, changes := podSamples(i), changeSamples()
	pod := pods[i%len(pods)]
	pod.Uid = fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i)
	pod.Node = fmt.Sprintf("node-%d", i%3+1)
	pod.Phase = "Running"
	r := &enrichv1.Record{
		Action:          enrichv1.Action_ACTION_UPDATE,
		TimeUnixNano:    firstTime + int64(i)*1e9,
		ResourceVersion: strconv.Itoa(1000 + i),
		RecordId:        fmt.Sprintf("%032x", i+1),
		Initial:         i%17 == 16,
		Recovered:       i%13 == 12,
	}
	changes[i%len(changes)](r, pod)
	r.Pod = pod
	return r
}

// podSamples are pods of all kinds of owners, and of none.
func podSamples(i int) []*enrichv1.Pod {
	return []*enrichv1.Pod{
		pod("shop", fmt.Sprintf("web-6d4b75cb6d-%05d", i), map[string]string{
			"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "web-prod",
			"app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "1.4.2",
			"app.kubernetes.io/managed-by": "Helm", "pod-template-hash": "6d4b75cb6d",
		}, owner("apps/v1", "ReplicaSet", "web-6d4b75cb6d"), owner("apps/v1", "Deployment", "web")),
		pod("shop", fmt.Sprintf("db-%d", i), map[string]string{
			"app": "db", "apps.kubernetes.io/pod-index": strconv.Itoa(i),
			"statefulset.kubernetes.io/pod-name": fmt.Sprintf("db-%d", i),
		}, owner("apps/v1", "StatefulSet", "db")),
		pod("batch", fmt.Sprintf("report-29455384-%05d", i), map[string]string{
			"batch.kubernetes.io/job-name": "report-29455384", "job-name": "report-29455384",
		}, owner("batch/v1", "Job", "report-29455384"), owner("batch/v1", "CronJob", "report")),
		pod("kube-system", fmt.Sprintf("agent-%05d", i), map[string]string{
			"k8s-app": "agent", "controller-revision-hash": "5c9d6b7f4",
		}, owner("apps/v1", "DaemonSet", "agent")),
		pod("default", fmt.Sprintf("debug-%d", i), nil),
	}
}

func pod(namespace, name string, labels map[string]string, owners ...*enrichv1.Owner) *enrichv1.Pod {
	return &enrichv1.Pod{Namespace: namespace, Name: name, Labels: labels, Owners: owners}
}

func owner(version, kind, name string) *enrichv1.Owner {
	return &enrichv1.Owner{
		ApiVersion: version, Kind: kind, Name: name, Uid: fmt.Sprintf("%x-0000-4000-8000-000000000000", name),
		Labels: map[string]string{"app.kubernetes.io/name": name},
	}
}

// changeSamples are changes of pods and containers, from creation to deletion.
func changeSamples() []func(*enrichv1.Record, *enrichv1.Pod) {
	return []func(*enrichv1.Record, *enrichv1.Pod){
		func(r *enrichv1.Record, p *enrichv1.Pod) {
			r.Action, p.Phase, p.Node = enrichv1.Action_ACTION_CREATE, "Pending", ""
		},
		func(r *enrichv1.Record, p *enrichv1.Pod) {
			p.Phase = "Pending"
			waiting(r, enrichv1.State_STATE_WAITING, "ContainerCreating", "")
		},
		func(r *enrichv1.Record, _ *enrichv1.Pod) {
			r.State = enrichv1.State_STATE_RUNNING
			r.Container = container("app", enrichv1.ContainerType_CONTAINER_TYPE_CONTAINER)
			r.Container.Ready = true
		},
		func(r *enrichv1.Record, _ *enrichv1.Pod) {
			ended(r, enrichv1.ContainerType_CONTAINER_TYPE_INIT, 0, "Completed")
		},
		func(r *enrichv1.Record, _ *enrichv1.Pod) {
			ended(r, enrichv1.ContainerType_CONTAINER_TYPE_SIDECAR, 1, "Error")
		},
		func(r *enrichv1.Record, _ *enrichv1.Pod) {
			ended(r, enrichv1.ContainerType_CONTAINER_TYPE_EPHEMERAL, 130, "Error")
		},
		func(r *enrichv1.Record, _ *enrichv1.Pod) {
			ended(r, enrichv1.ContainerType_CONTAINER_TYPE_CONTAINER, 137, "OOMKilled")
			r.Container.Signal, r.Container.RestartCount = 9, 4
		},
		func(r *enrichv1.Record, _ *enrichv1.Pod) {
			waiting(r, enrichv1.State_STATE_ERROR, "CrashLoopBackOff",
				"back-off 5m0s restarting failed container=app pod=web_shop(00000000-0000-4000-8000-000000000000)")
			r.Container.RestartCount = 5
		},
		func(r *enrichv1.Record, p *enrichv1.Pod) {
			p.Phase = "Pending"
			waiting(r, enrichv1.State_STATE_ERROR, "ImagePullBackOff", `Back-off pulling image "registry.example/app:9.9"`)
		},
		func(r *enrichv1.Record, p *enrichv1.Pod) {
			p.Phase, p.Reason = "Failed", "Evicted"
			r.State, r.Reason = enrichv1.State_STATE_ERROR, "Evicted"
			r.Info = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 71508Ki. "
		},
		func(r *enrichv1.Record, p *enrichv1.Pod) {
			r.Action, p.Phase = enrichv1.Action_ACTION_DELETE, "Succeeded"
		},
	}
}

func waiting(r *enrichv1.Record, state enrichv1.State, reason, info string) {
	r.State, r.Reason, r.Info = state, reason, info
	r.Container = container("app", enrichv1.ContainerType_CONTAINER_TYPE_CONTAINER)
}

func ended(r *enrichv1.Record, kind enrichv1.ContainerType, exitCode int32, reason string) {
	r.State, r.Reason = enrichv1.State_STATE_TERMINATED, reason
	r.Container = container("app", kind)
	r.Container.ExitCode = new(exitCode)
}

func container(name string, kind enrichv1.ContainerType) *enrichv1.Container {
	return &enrichv1.Container{Name: name, Type: kind, Image: "registry.example/" + name + ":1.4.2"}
}
