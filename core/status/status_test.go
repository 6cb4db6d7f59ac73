package status

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unique"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestService(t *testing.T) {
	owned := func(apiVersion, kind, name string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: name, Controller: new(true)}}
	}
	labels := map[string]string{
		"app.kubernetes.io/name": "n", "app.kubernetes.io/instance": "i", "app.kubernetes.io/version": "v",
	}
	for name, c := range map[string]struct {
		rules Rules
		meta  metav1.ObjectMeta
		image string
		want  record.Service
	}{
		"bare pod": {
			image: "shop/cart",
			want:  record.Service{Name: "p", Namespace: "ns", InstanceID: "ns.p.main"},
		},
		"workload and tag": {
			meta:  metav1.ObjectMeta{OwnerReferences: owned("apps/v1", "StatefulSet", "db")},
			image: "registry:5000/shop/db:1.2",
			want:  record.Service{Name: "db", Namespace: "ns", Version: "1.2", InstanceID: "ns.p.main"},
		},
		"CronJob before Job, tag and digest": {
			meta: metav1.ObjectMeta{
				OwnerReferences:   owned("batch/v1", "Job", "backup-28671840"),
				CreationTimestamp: metav1.Unix(28671840*60, 0),
			},
			image: "backup:7@sha256:abc",
			want:  record.Service{Name: "backup", Namespace: "ns", Version: "7@sha256:abc", InstanceID: "ns.p.main"},
		},
		"Rollout of Argo": {
			meta: metav1.ObjectMeta{
				OwnerReferences: owned("apps/v1", "ReplicaSet", "cart-6f8c9d7b5"),
				Labels:          map[string]string{"rollouts-pod-template-hash": "6f8c9d7b5"},
			},
			image: "cart:2",
			want:  record.Service{Name: "cart", Namespace: "ns", Version: "2", InstanceID: "ns.p.main"},
		},
		"digest alone, port in the registry": {
			image: "registry:5000/x@sha256:abc",
			want:  record.Service{Name: "p", Namespace: "ns", Version: "sha256:abc", InstanceID: "ns.p.main"},
		},
		"labels are not taken unasked": {
			meta: metav1.ObjectMeta{Labels: labels}, image: "x:1",
			want: record.Service{Name: "p", Namespace: "ns", Version: "1", InstanceID: "ns.p.main"},
		},
		"labels": {
			rules: Rules{ServiceFromLabels: true}, meta: metav1.ObjectMeta{Labels: labels}, image: "x:1",
			want: record.Service{Name: "i", Namespace: "ns", Version: "v", InstanceID: "ns.p.main"},
		},
		"annotations win": {
			rules: Rules{ServiceFromLabels: true},
			meta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{
				"resource.opentelemetry.io/service.name":        "an",
				"resource.opentelemetry.io/service.namespace":   "ans",
				"resource.opentelemetry.io/service.version":     "av",
				"resource.opentelemetry.io/service.instance.id": "ai",
			}},
			want: record.Service{Name: "an", Namespace: "ans", Version: "av", InstanceID: "ai"},
		},
		"kubectl's default container": {
			meta:  metav1.ObjectMeta{Annotations: map[string]string{"kubectl.kubernetes.io/default-container": "other"}},
			image: "x:1",
			want:  record.Service{Name: "p", Namespace: "ns", Version: "2", InstanceID: "ns.p.other"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: c.meta}
			pod.Name, pod.Namespace = "p", "ns"
			pod.Spec.Containers = []corev1.Container{{Name: "main", Image: c.image}, {Name: "other", Image: "other:2"}}
			_, records := c.rules.Create(pod, time.Time{})
			if diff := cmp.Diff(c.want, records[0].Pod.Service); diff != "" {
				t.Errorf("service (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWaiting checks the states of the reasons for which a container waits. A reason
// that is not known is an error.
func TestWaiting(t *testing.T) {
	good := []string{
		"", "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "ImagePullBackOff", "RestartingAllContainers",
	}
	bad := strings.Fields(`ErrImagePull ErrImageNeverPull ErrWhatever Error CreateContainerConfigError CreateContainerError
		CreatePodSandboxError ImageInspectError InvalidImageName RegistryUnavailable RunContainerError PreCreateHookError
		RunInitContainerError PostStartHookError PreStartHookError StartError ConfigPodSandboxError KillContainerError
		KillPodSandboxError SetupNetworkError TeardownNetworkError SignatureValidationFailed Completed NewBackOff`)
	for want, reasons := range map[record.State][]string{record.Error: bad, record.Waiting: good} {
		for _, reason := range reasons {
			f := containerFacts{state: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
			if s := f.summary(); s.state != want {
				t.Errorf("waiting for %q is %s, want %s", reason, s.state, want)
			}
			if want == record.Waiting && reason != "" && !strings.Contains(normalReasons, reason) {
				t.Errorf("the documentation does not name %s", reason)
			}
		}
	}
}

// TestIDs checks that each record of an event has an id of its own, and that the same
// event gives the same ids.
func TestIDs(t *testing.T) {
	pod := busyPod(0)
	rules := Rules{Cluster: "c"}
	_, once := rules.Found(pod, time.Now())
	_, again := rules.Found(pod, time.Now())
	seen := map[record.ID]bool{}
	for i := range once {
		if seen[once[i].ID] {
			t.Errorf("record %d has an id that another one has", i)
		}
		seen[once[i].ID] = true
		if once[i].ID != again[i].ID {
			t.Errorf("record %d has another id the second time", i)
		}
	}
	if _, elsewhere := (Rules{Cluster: "d"}).Found(pod, time.Now()); elsewhere[0].ID == once[0].ID {
		t.Error("the same id in another cluster")
	}
}

// TestStateSize limits the state of a pod with two containers and ten labels to 240
// bytes, including maps and unshared strings. Annotations that plugins need add to
// that only if each pod has its own.
func TestStateSize(t *testing.T) {
	rules := Rules{Annotations: []string{"release", "traceparent", "not-there"}}
	for name, c := range map[string]struct {
		annotate func(i int) map[string]string
		most     uint64
	}{
		"no annotations": {func(int) map[string]string { return nil }, 240},
		"of a workload": {func(int) map[string]string {
			return map[string]string{"release": strings.Repeat("v", 1000), "another": strings.Repeat("x", 1000)}
		}, 240},
		"of the pod": {func(i int) map[string]string {
			return map[string]string{"traceparent": fmt.Sprintf("00-%032d-%016d-01", i, i), "another": strings.Repeat("x", 1000)}
		}, 240 + 300},
	} {
		t.Run(name, func(t *testing.T) {
			const pods = 15_000
			states := make(map[podName]*State, pods)
			before := heap()
			for i := range pods {
				pod := busyPod(i)
				pod.Annotations = c.annotate(i)
				s := rules.Of(pod)
				states[nameOf(s)] = s
			}
			perPod := (heap() - before) / pods
			t.Logf("%d bytes per pod", perPod)
			if perPod > c.most {
				t.Errorf("a pod's state takes %d bytes, want at most %d", perPod, c.most)
			}
			runtime.KeepAlive(states)
		})
	}
}

// podName is the key by which package pipeline stores states.
type podName struct {
	namespace unique.Handle[string]
	name      string
}

func nameOf(s *State) podName { return podName{unique.Make(s.Namespace()), s.Name()} }

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// busyPod returns a pod of a Deployment with two containers and ten labels. It shares
// no strings with other pods, like a decoded pod.
func busyPod(i int) *corev1.Pod {
	text := fmt.Sprintf(`{
	"metadata": {
		"name": "checkout-6b8f9d7d5c-%05d", "namespace": "shop", "uid": "5b1c8f0e-53a1-4a6e-9d1c-%012d",
		  "resourceVersion": "%d",
		"labels": {"a": "1", "app": "checkout", "app.kubernetes.io/instance": "checkout-prod",
		  "app.kubernetes.io/managed-by": "Helm",
			"app.kubernetes.io/name": "checkout", "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "1.9.0",
			"helm.sh/chart": "checkout-1.9.0", "pod-template-hash": "6b8f9d7d5c", "tier": "backend"},
		"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "checkout-6b8f9d7d5c",
		  "controller": true}]},
	"spec": {"nodeName": "node-%d", "containers": [{"name": "checkout", "image": "shop/checkout:1.9.0"},
	  {"name": "proxy", "image": "proxy:3"}]},
	"status": {"phase": "Running",
		"conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
		"containerStatuses": [
			{"name": "checkout", "image": "shop/checkout:1.9.0", "ready": true, "restartCount": 1,
			  "state": {"running": {"startedAt": "2018-03-16T14:00:05Z"}},
				"lastState": {"terminated": {"exitCode": 137, "signal": 9, "reason": "OOMKilled"}}},
			{"name": "proxy", "image": "proxy:3", "ready": true,
			  "state": {"running": {"startedAt": "2018-03-16T14:00:05Z"}}}]}}`,
		i, i, 1_000_000+i, i%100)
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(text), &pod); err != nil {
		panic(err)
	}
	return &pod
}

// FuzzUpdate compares any two pods: nothing panics, an unchanged pod makes no record,
// and a change makes the same records every time.
func FuzzUpdate(f *testing.F) {
	a, _ := json.Marshal(busyPod(1))
	f.Add(a, []byte(`{"metadata":{"deletionTimestamp":"2018-03-16T14:00:05Z"},"spec":{"initContainers":[{"name":"i","restartPolicy":"Always"}]},
		"status":{"phase":"Failed","reason":"Evicted","initContainerStatuses":[{"name":"i",
		  "state":{"waiting":{"reason":"ErrX"}}},{"name":"i"}],
		"ephemeralContainerStatuses":[{"name":"e","state":{"terminated":{"exitCode":-1,"signal":9}}}]}}`))
	f.Add([]byte(`{}`),
		[]byte(`{"status":{"containerStatuses":[{},{"name":"x","restartCount":-5,"lastState":{"terminated":{}}}]}}`))
	f.Add([]byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"},{"type":"x"},{"type":"x","status":"True"}],
		"containerStatuses":[{"name":"a","state":{"running":{}},"allocatedResourcesStatus":[{"name":"r",
		  "resources":[{"resourceID":"d"}]}]}]}}`),
		[]byte(`{"status":{"phase":"Unknown","resize":"Deferred","conditions":[{"type":"PodScheduled","status":"False","message":"1 2"},{}],
		"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":137,"reason":"ContainerStatusUnknown"}},
		"allocatedResourcesStatus":[{"name":"r","resources":[{"resourceID":"d","health":"Unhealthy"}]}]}]}}`))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		var a, b corev1.Pod
		if json.Unmarshal(one, &a) != nil || json.Unmarshal(other, &b) != nil {
			return
		}
		rules := Rules{Cluster: "c", ServiceFromLabels: true}
		at := time.Unix(1, 0)
		for _, learn := range []func(*corev1.Pod, time.Time) (*State, []record.Record){
			rules.Create, rules.Initial, rules.Found,
		} {
			state, records := learn(&a, at)
			if len(records) == 0 || records[0].Action != record.Create {
				t.Errorf("no create: %v", records)
			}
			if _, again := rules.Update(state, &a, at, false); len(again) != 0 && !doubled(&a) {
				t.Errorf("records for an unchanged pod: %v", again)
			}
		}
		state, records := rules.Update(rules.Of(&a), &b, at, false)
		_, same := rules.Update(rules.Of(&a), &b, at, false)
		if !reflect.DeepEqual(records, same) {
			t.Errorf("records the second time: %v, first %v", same, records)
		}
		for _, r := range records {
			if r.Action != record.Update || r.State == 0 || r.Message == "" || r.Pod == nil {
				t.Errorf("incomplete: %+v", r)
			}
		}
		if gone := rules.Vanished(state, at); len(gone) != 1 || gone[0].Action != record.Delete {
			t.Errorf("vanished: %v", gone)
		}
	})
}

// doubled reports whether two containers of the pod have the same name, which no API
// server allows: one of them then always differs from the other.
func doubled(pod *corev1.Pod) bool {
	seen := map[string]bool{}
	for _, c := range containersOf(nil, pod) {
		if seen[c.status.Name] {
			return true
		}
		seen[c.status.Name] = true
	}
	return false
}

func BenchmarkUpdate(b *testing.B) {
	rules := Rules{}
	before := busyPod(1)
	after := before.DeepCopy()
	after.Status.ContainerStatuses[0].Ready = false
	state := rules.Of(before)
	b.Run("changed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rules.Update(state, after, time.Time{}, false)
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rules.Update(state, before, time.Time{}, false)
		}
	})
}
