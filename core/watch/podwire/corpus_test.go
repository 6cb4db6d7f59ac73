package podwire

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

// wanted are the annotations that the tests want. One of them random pods have.
var wanted = []string{"", "prometheus.io/port", "kubectl.kubernetes.io/default-container"}

// only returns a pod with the fields that this package reads.
func only(p *corev1.Pod) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion,
			CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp,
			DeletionGracePeriodSeconds: p.DeletionGracePeriodSeconds,
			Labels:                     p.Labels, Annotations: onlyWanted(p.Annotations),
			OwnerReferences: each(p.OwnerReferences, func(o metav1.OwnerReference) metav1.OwnerReference {
				o.BlockOwnerDeletion = nil
				return o
			}),
		},
		Spec: corev1.PodSpec{
			NodeName:       p.Spec.NodeName,
			ReadinessGates: p.Spec.ReadinessGates,
			Containers:     each(p.Spec.Containers, onlyContainer),
			InitContainers: each(p.Spec.InitContainers, onlyContainer),
			EphemeralContainers: each(p.Spec.EphemeralContainers, func(c corev1.EphemeralContainer) corev1.EphemeralContainer {
				return corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon(
					onlyContainer(corev1.Container(c.EphemeralContainerCommon)))}
			}),
		},
		Status: corev1.PodStatus{
			Phase: p.Status.Phase, Message: p.Status.Message, Reason: p.Status.Reason, Resize: p.Status.Resize,
			Conditions: each(p.Status.Conditions, func(c corev1.PodCondition) corev1.PodCondition {
				c.LastProbeTime, c.ObservedGeneration = metav1.Time{}, 0
				return c
			}),
			ContainerStatuses:          each(p.Status.ContainerStatuses, onlyStatus),
			InitContainerStatuses:      each(p.Status.InitContainerStatuses, onlyStatus),
			EphemeralContainerStatuses: each(p.Status.EphemeralContainerStatuses, onlyStatus),
		},
	}
}

func onlyContainer(c corev1.Container) corev1.Container {
	return corev1.Container{Name: c.Name, Image: c.Image, RestartPolicy: c.RestartPolicy}
}

func onlyStatus(c corev1.ContainerStatus) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: c.Name, Image: c.Image, Ready: c.Ready, RestartCount: c.RestartCount,
		State: c.State, LastTerminationState: c.LastTerminationState,
		AllocatedResourcesStatus: c.AllocatedResourcesStatus,
	}
}

func onlyWanted(all map[string]string) (some map[string]string) {
	for _, key := range wanted {
		value, ok := all[key]
		if ok && some == nil {
			some = map[string]string{}
		}
		if ok {
			some[key] = value
		}
	}
	return some
}

func each[T any](list []T, f func(T) T) []T {
	if list == nil {
		return nil
	}
	some := make([]T, len(list))
	for i := range list {
		some[i] = f(list[i])
	}
	return some
}

// corpus are pods as clusters have them, and random ones.
func corpus(tb testing.TB, random int) map[string]*corev1.Pod {
	tb.Helper()
	pods := map[string]*corev1.Pod{
		"zero": {}, "small": apiscript.PodOfSize("shop", "cart", 2<<10), "running": apiscript.RunningPod("shop", "cart"),
		"15 KB": apiscript.PodOfSize("shop", "cart", 15<<10), "uncommon": uncommonPod(),
	}
	codecs := serializer.NewCodecFactory(runtime.NewScheme())
	filler := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), codecs).NilChance(.3).NumElements(0, 3)
	for i := range random {
		p := new(corev1.Pod)
		filler.Fill(p)
		pods[fmt.Sprintf("random %d", i)] = p
	}
	return pods
}

// uncommonPod has fields and values that most pods don't have.
func uncommonPod() *corev1.Pod {
	always := corev1.ContainerRestartPolicyAlways
	at := metav1.Unix(1521208805, 0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "bad utf-8: \xff", DeletionTimestamp: &metav1.Time{}, DeletionGracePeriodSeconds: new(int64(-1)),
			Labels: map[string]string{"": "no key", "no value": ""}, Annotations: map[string]string{"other": "x"},
			OwnerReferences: []metav1.OwnerReference{{Controller: new(false)}, {}, {Kind: "Node", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "sidecar", RestartPolicy: &always}, {}},
			EphemeralContainers: []corev1.EphemeralContainer{{
				EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "x"},
			}},
		},
		Status: corev1.PodStatus{
			Message: strings.Repeat("long ", 1000),
			ContainerStatuses: []corev1.ContainerStatus{
				{RestartCount: -1, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}},
				{LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					ExitCode: -2147483648, Signal: 2147483647, StartedAt: at, ContainerID: "containerd://x",
				}}},
			},
		},
	}
}

func marshal(tb testing.TB, p *corev1.Pod) []byte {
	tb.Helper()
	b, err := p.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
