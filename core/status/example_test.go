package status_test

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/status"
)

// podIn returns a version of the pod shop/cart-0, whose container is in the given state.
func podIn(version string, state corev1.ContainerState) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart-0", UID: "6f9c", ResourceVersion: version},
		Spec:       corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{Name: "web", Image: "cart:1.4"}}},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			ContainerStatuses: []corev1.ContainerStatus{{Name: "web", Image: "cart:1.4", State: state}},
		},
	}
}

// Two versions of a pod become the records of their difference. The caller keeps only the
// compact state of a pod, and passes it in with the next version.
func ExampleRules_Update() {
	rules, now := status.Rules{Cluster: "prod"}, time.Unix(1767323045, 0)
	before := podIn("7", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
	after := podIn("8", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}})

	state, records := rules.Create(before, now)
	fmt.Println(records[0].Action, "-", records[0].Message)
	_, records = rules.Update(state, after, now, false)
	for _, r := range records {
		fmt.Println(r.Level, r.Action, r.State, r.Reason, "-", r.Message)
	}
	// Output:
	// create - pod shop/cart-0 was created
	// warning update waiting CrashLoopBackOff - container web of pod shop/cart-0 is waiting: CrashLoopBackOff
}

// A state is stored between runs. If its pod is missing from the next list, the state still
// has enough for a delete record.
func ExampleRules_Vanished() {
	rules, now := status.Rules{}, time.Unix(1767323045, 0)
	stored := rules.Of(podIn("7", corev1.ContainerState{})).Append(nil)

	state, err := status.ParseState(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range rules.Vanished(state, now) {
		fmt.Println(r.Action, r.Pod.Namespace, r.Pod.Name, r.Pod.Node, "recovered:", r.Recovered)
	}
	// Output:
	// delete shop cart-0 node-1 recovered: true
}
