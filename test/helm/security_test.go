package helm

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

// newNamespace creates a namespace in which Pod Security admission accepts only restricted
// pods.
func (c *control) newNamespace(t *testing.T, name string) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		"pod-security.kubernetes.io/enforce":         "restricted",
		"pod-security.kubernetes.io/enforce-version": "latest",
	}}}
	if _, err := c.client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil &&
		!apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	return name
}

// TestEveryOption applies the objects of each values file to a real API server, which checks
// every field, and the pod to Pod Security admission.
func TestEveryOption(t *testing.T) {
	c := theControl(t)
	kubectl := kubectl(t, c)
	c.installCRDs(t)
	for _, ns := range []string{"shop", "payments"} {
		c.newNamespace(t, ns)
	}
	for i, values := range options(t) {
		t.Run(strings.TrimSuffix(filepath.Base(values), "-values.yaml"), func(t *testing.T) {
			ns := c.newNamespace(t, fmt.Sprintf("option-%d", i))
			rendered := helm(t, "v4").must("template", "r", chart, "--namespace", ns, "--values", values, "--kube-version",
				"1.37",
				"--api-versions", "monitoring.coreos.com/v1")
			if out, err := kubectl.try([]byte(rendered), "apply", "--server-side", "--validate=strict", "-f", "-"); err != nil {
				t.Fatal(out, err)
			}
			pod := podOf(t, rendered, ns)
			dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict}
			if _, err := c.client.CoreV1().Pods(ns).Create(t.Context(), pod.DeepCopy(), dry); err != nil {
				t.Errorf("the pod is refused: %v", err)
			}
			// Verify that admission rejects other pods.
			pod.Spec.SecurityContext.RunAsNonRoot = nil
			if _, err := c.client.CoreV1().Pods(ns).Create(t.Context(), pod, dry); err == nil ||
				!strings.Contains(err.Error(), "PodSecurity") {
				t.Errorf("a pod that may be root: %v, want it refused", err)
			}
			if _, err := kubectl.try([]byte(rendered), "delete", "--wait=false", "-f", "-"); err != nil {
				t.Error(err)
			}
		})
	}
}

// podOf returns the pod that the workload's controller creates.
func podOf(t *testing.T, rendered, namespace string) *corev1.Pod {
	t.Helper()
	for _, object := range decode(t, rendered) {
		var template *corev1.PodTemplateSpec
		var claims []corev1.PersistentVolumeClaim
		switch w := object.(type) {
		case *appsv1.StatefulSet:
			template, claims = &w.Spec.Template, w.Spec.VolumeClaimTemplates
		case *appsv1.Deployment:
			template = &w.Spec.Template
		default:
			continue
		}
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		pod.Name, pod.Namespace = "judged", namespace
		for _, claim := range claims {
			pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name + "-judged"},
			}})
		}
		return pod
	}
	t.Fatalf("there is no workload in\n%s", rendered)
	return nil
}

// decode reads the objects of kinds that Kubernetes itself has, strictly.
func decode(t *testing.T, rendered string) (objects []runtime.Object) {
	t.Helper()
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, document := range regexp.MustCompile(`(?m)^---.*$`).Split(rendered, -1) {
		if !strings.Contains(document, "apiVersion:") || strings.Contains(document, "monitoring.coreos.com") {
			continue
		}
		object, _, err := decoder.Decode([]byte(document), nil, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		objects = append(objects, object)
	}
	return objects
}
