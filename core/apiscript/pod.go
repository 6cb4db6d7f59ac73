package apiscript

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RunningPod returns a typical pod: of a Deployment, with
// two containers that run, and managedFields, about 5 KB in protobuf.
func RunningPod(namespace, name string) *corev1.Pod {
	started := metav1.NewTime(time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC))
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, GenerateName: "cart-64d8cc85cd-", CreationTimestamp: started,
			Labels: map[string]string{
				"app.kubernetes.io/name": "cart", "app.kubernetes.io/instance": "shop", "app.kubernetes.io/version": "1.4.2",
				"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "cart-1.4.2", "pod-template-hash": "64d8cc85cd",
			},
			Annotations: map[string]string{
				"prometheus.io/scrape": "true", "prometheus.io/port": "9090",
				"checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "cart-64d8cc85cd", UID: "6e0fd1b2-2f6c-4a0b-9a3e-5b1f0c9a7d11",
				Controller: new(true), BlockOwnerDeletion: new(true),
			}},
		},
		Spec: corev1.PodSpec{
			NodeName: "node-17", ServiceAccountName: "cart", RestartPolicy: corev1.RestartPolicyAlways,
			DNSPolicy: corev1.DNSClusterFirst, SchedulerName: corev1.DefaultSchedulerName,
			TerminationGracePeriodSeconds: new(int64(30)), EnableServiceLinks: new(true),
			Containers: []corev1.Container{container("cart"), container("proxy")},
			Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: "cart-config"}, DefaultMode: new(int32(420)),
			}}}},
		},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, HostIP: "10.0.0.17", PodIP: "10.1.4.23", PodIPs: []corev1.PodIP{{IP: "10.1.4.23"}},
			QOSClass: corev1.PodQOSBurstable, StartTime: &started,
			ContainerStatuses: []corev1.ContainerStatus{status("cart", started), status("proxy", started)},
		},
	}
	for _, t := range []corev1.PodConditionType{
		corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled,
	} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
			Type: t, Status: corev1.ConditionTrue, LastTransitionTime: started,
		})
	}
	for _, manager := range []string{"kube-controller-manager", "kubelet"} {
		p.ManagedFields = append(p.ManagedFields, managed(manager, started))
	}
	return p
}

// PodOfSize returns a pod like [RunningPod], with ten labels, a uid and a version,
// that has about this many bytes in protobuf. Beyond 5 KB half of the bytes are
// managedFields, half environment; a smaller pod has neither.
func PodOfSize(namespace, name string, size int) *corev1.Pod {
	p := RunningPod(namespace, name)
	p.UID, p.ResourceVersion = "6e0fd1b2-2f6c-4a0b-9a3e-5b1f0c9a7d12", "123456789"
	for _, label := range []string{"app", "tier", "track", "team"} {
		p.Labels[label] = "some-" + label
	}
	if size < 5<<10 {
		p.ManagedFields, p.Spec.Volumes = nil, nil
		for i := range p.Spec.Containers {
			p.Spec.Containers[i].Env = nil
		}
		return p
	}
	missing := max(0, size-p.Size())
	fields := p.ManagedFields[0].FieldsV1.GetRawString()
	fields = `{"f:status":"` + strings.Repeat("f", missing/2) + `",` + fields[1:]
	p.ManagedFields[0].FieldsV1 = metav1.NewFieldsV1(fields)
	for i := range 10 {
		env := corev1.EnvVar{Name: fmt.Sprintf("MORE_%d", i), Value: strings.Repeat("v", missing/20)}
		p.Spec.Containers[0].Env = append(p.Spec.Containers[0].Env, env)
	}
	return p
}

func container(name string) corev1.Container {
	c := corev1.Container{
		Name: name, Image: "registry.example.com/shop/" + name + ":1.4.2", ImagePullPolicy: corev1.PullIfNotPresent,
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
			},
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
		},
		VolumeMounts:             []corev1.VolumeMount{{Name: "config", MountPath: "/etc/" + name, ReadOnly: true}},
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
	}
	for i := range 8 {
		c.Env = append(c.Env, corev1.EnvVar{
			Name: fmt.Sprintf("SETTING_%d", i), Value: "https://backend.shop.svc.cluster.local/path",
		})
	}
	return c
}

func status(name string, started metav1.Time) corev1.ContainerStatus {
	const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	return corev1.ContainerStatus{
		Name: name, Image: "registry.example.com/shop/" + name + ":1.4.2", Ready: true, Started: new(true),
		ImageID: "registry.example.com/shop/" + name + "@" + digest, ContainerID: "containerd://" + digest[len("sha256:"):],
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
	}
}

// managed has about the size of an entry of a real API server.
func managed(manager string, at metav1.Time) metav1.ManagedFieldsEntry {
	fields := []byte(`{"f:metadata":{"f:labels":{".":{}`)
	for i := range 24 {
		fields = fmt.Appendf(fields, `,"f:status%02d":{"f:conditions":{}}`, i)
	}
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &at,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(fields) + "}}}"),
	}
}
