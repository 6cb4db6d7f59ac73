package podwire_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/podwire"
)

// A decoder reads the fields that records need, and of the annotations only those that
// were asked for. It decodes into one pod again and again.
func ExampleDecoder() {
	message, err := (&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "cart-0",
			Annotations: map[string]string{"example.com/team": "checkout", "example.com/notes": "long text"},
		},
		Spec: corev1.PodSpec{NodeName: "node-1", Hostname: "cart-0"},
	}).Marshal()
	if err != nil {
		fmt.Println(err)
		return
	}
	decoder := podwire.NewDecoder([]string{"example.com/team"})
	var pod podwire.Pod
	if err := decoder.Decode(message, &pod); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pod.Namespace, pod.Name, pod.Spec.NodeName, pod.Annotations)
	fmt.Printf("skipped: %q\n", pod.Spec.Hostname)
	// Output:
	// shop cart-0 node-1 map[example.com/team:checkout]
	// skipped: ""
}
