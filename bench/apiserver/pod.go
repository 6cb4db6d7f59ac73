package apiserver

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Size is about how large a pod is as protobuf, in bytes.
type Size int

// Typical sizes of pods: without managedFields, as some servers' admission leaves them;
// of a Deployment; and with the additions of meshes and secrets' agents.
const (
	Small  Size = 2 << 10
	Medium Size = 5 << 10
	Large  Size = 15 << 10
)

// amounts are the numbers of the parts that make pods large.
type amounts struct {
	env           int // variables of each container
	volumes       int
	annotations   int // of 200 bytes each
	managedFields int // fields of each of the two managers
}

func (s Size) amounts() amounts {
	switch s {
	case Large:
		return amounts{env: 30, volumes: 12, annotations: 10, managedFields: 75}
	case Medium:
		return amounts{env: 8, volumes: 3, managedFields: 18}
	default:
		return amounts{env: 1}
	}
}

// after returns a time in the life of a pod: so many seconds after its creation.
func after(seconds int) metav1.Time {
	return metav1.Date(2026, 11, 23, 9, 30, seconds, 0, time.UTC)
}

// newPod returns a pod of a Deployment with ten labels that was just created, with
// placeholders for the differences between pods.
func newPod(size Size) *corev1.Pod {
	a := size.amounts()
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: app + "-64d8cc85cd-" + id, GenerateName: app + "-64d8cc85cd-",
			UID: "5b1c8f0e-53a1-4a6e-9d1c-00000" + id, ResourceVersion: version, CreationTimestamp: after(0),
			Labels:      labels(),
			Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "9090"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-64d8cc85cd", UID: "6e0fd1b2-2f6c-4a0b-9a3e-5b1f0c9a7d11",
				Controller: new(true), BlockOwnerDeletion: new(true),
			}},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "shop", RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst,
			SchedulerName:                 corev1.DefaultSchedulerName,
			TerminationGracePeriodSeconds: new(int64(30)), EnableServiceLinks: new(true),
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true)},
			Containers:      []corev1.Container{container("web", a.env), container("proxy", a.env)},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, QOSClass: corev1.PodQOSBurstable},
	}
	for i := range a.annotations {
		p.Annotations[fmt.Sprintf("sidecar.example.com/setting-%02d", i)] = strings.Repeat("0123456789abcdef", 12)
	}
	for i := range a.volumes {
		name := fmt.Sprintf("config-%02d", i)
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: name}, DefaultMode: new(int32(420)),
			},
		}})
		for c := range p.Spec.Containers {
			p.Spec.Containers[c].VolumeMounts = append(p.Spec.Containers[c].VolumeMounts,
				corev1.VolumeMount{Name: name, MountPath: "/etc/" + name, ReadOnly: true})
		}
	}
	if a.managedFields > 0 {
		p.ManagedFields = []metav1.ManagedFieldsEntry{
			managed("kube-controller-manager", "", a.managedFields), managed("kubelet", "status", a.managedFields),
		}
	}
	return p
}

func labels() map[string]string {
	return map[string]string{
		"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app, "app.kubernetes.io/version": "1.4.2",
		"app.kubernetes.io/component": "web", "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/managed-by": "Helm",
		"helm.sh/chart": "shop-1.4.2", "pod-template-hash": "64d8cc85cd", "team": "checkout", "tier": "frontend",
	}
}

func container(name string, env int) corev1.Container {
	c := corev1.Container{
		Name: name, Image: image(name), ImagePullPolicy: corev1.PullIfNotPresent,
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
			},
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
		},
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
	}
	for i := range env {
		c.Env = append(c.Env, corev1.EnvVar{
			Name: fmt.Sprintf("SETTING_%02d", i), Value: "https://backend.shop.svc.cluster.local/path",
		})
	}
	return c
}

func image(name string) string { return "registry.example.com/shop/" + name + ":1.4.2" }

// managed has the form of a real API server's entry of a field manager.
func managed(manager, subresource string, fields int) metav1.ManagedFieldsEntry {
	tree := []byte(`{"f:metadata":{"f:labels":{".":{}`)
	for i := range fields {
		tree = fmt.Appendf(tree, `,"f:k%02d.example.com/field":{"f:value":{}}`, i)
	}
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate,
		APIVersion: "v1", Time: new(after(0)), Subresource: subresource,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(tree) + "}}}"),
	}
}
