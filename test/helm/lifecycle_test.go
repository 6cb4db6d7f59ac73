package helm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// newVolume creates a volume for the next claim, since there is no provisioner. An empty class
// is for claims without one. A claim reserves the volume.
func (c *control) newVolume(t *testing.T, name, class string, claim *corev1.ObjectReference) {
	t.Helper()
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName:       class,
			ClaimRef:               claim,
			Capacity:               corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
			AccessModes:            []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/none"}},
		},
	}
	if _, err := c.client.CoreV1().PersistentVolumes().Create(t.Context(), volume, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestLifecycle installs, upgrades, rolls back and uninstalls two releases in one namespace.
// With --wait, Helm waits for ready pods, which kwok reports instead of a kubelet. So the test
// shows that the API server accepts each step, and that the controllers create an admitted pod.
func TestLifecycle(t *testing.T) {
	c := theControl(t)
	each(t, func(t *testing.T, h tool) {
		h = h.at(c.kubeconfig)
		version := t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]
		ns := c.newNamespace(t, "life-"+version)
		for i := range 2 {
			c.newVolume(t, fmt.Sprintf("%s-%d", ns, i), "", nil)
		}
		act := func(action, release string, values ...string) {
			t.Helper()
			args := []string{action, release}
			if action != "rollback" && action != "uninstall" {
				args = append(args, chart)
			}
			h.must(append(append(args, values...), "--namespace", ns, "--wait", "--timeout", "60s")...)
		}
		act("install", "one")
		act("install", "two", "--set", "config.watch.namespaces={"+ns+"}")
		c.wantPods(t, ns, "one-pod-status-logger-0", "two-pod-status-logger-0")
		two := c.uid(t, ns, "two-pod-status-logger-0")

		act("upgrade", "one", "--set", "config.log.level=debug")
		act("upgrade", "one", "--set", "image.tag=0.2.0")
		act("upgrade", "one", "--set", "mode=deployment")
		act("upgrade", "one", "--set", "mode=deployment,image.tag=0.2.0", "--set-json", "config.plugins=[]")
		act("upgrade", "one", "--set", "config.watch.namespaces={"+ns+"}")
		act("rollback", "one", "4") // the Deployment
		act("rollback", "one", "1")
		c.wantPods(t, ns, "one-pod-status-logger-0", "two-pod-status-logger-0")
		if now := c.uid(t, ns, "two-pod-status-logger-0"); now != two {
			t.Error("a change of one release has restarted the pod of the other")
		}

		act("uninstall", "one")
		act("uninstall", "two")
		c.wantPods(t, ns)
		c.wantLeft(t, ns, "persistentvolumeclaims/state-one-pod-status-logger-0",
			"persistentvolumeclaims/state-two-pod-status-logger-0")
	})
}

// TestNotReadyIsReplaced checks that an upgrade or rollback replaces a pod that never becomes
// ready, in both modes. No node meets the pod's requirements here.
func TestNotReadyIsReplaced(t *testing.T) {
	c := theControl(t)
	h := helm(t, "v4").at(c.kubeconfig)
	for _, mode := range []string{"statefulset", "deployment"} {
		ns := c.newNamespace(t, "not-ready-"+mode)
		c.newVolume(t, ns, "", &corev1.ObjectReference{Namespace: ns, Name: "state-r-pod-status-logger-0"})
		h.must("install", "r", chart, "--namespace", ns, "--set", "nodeSelector.none=here,mode="+mode)
		broken := c.onePod(t, ns, "")
		h.must("upgrade", "r", chart, "--namespace", ns, "--set", "mode="+mode, "--wait", "--timeout", "60s")
		healed := c.onePod(t, ns, broken)
		h.must("rollback", "r", "1", "--namespace", ns)
		broken = c.onePod(t, ns, healed)
		h.must("rollback", "r", "2", "--namespace", ns, "--wait", "--timeout", "60s")
		c.onePod(t, ns, broken)
		h.must("uninstall", "r", "--namespace", ns)
	}
}

// onePod waits until the namespace has exactly one pod, other than the one before.
func (c *control) onePod(t *testing.T, ns, before string) (uid string) {
	t.Helper()
	wait.Until(t, "one new pod in "+ns, func() bool {
		pods, err := c.client.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(pods.Items) != 1 {
			return false
		}
		uid = string(pods.Items[0].UID)
		return uid != before
	})
	return uid
}

// TestSameNames checks that of two releases with the same object names, the second is rejected
// and the first stays unchanged.
func TestSameNames(t *testing.T) {
	c := theControl(t)
	each(t, func(t *testing.T, h tool) {
		h = h.at(c.kubeconfig)
		ns := c.newNamespace(t, "same-"+t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
		h.must("install", "x", chart, "--namespace", ns, "--set", "mode=deployment")
		pod := c.onePod(t, ns, "")
		_, err := h.try(nil, "install", "x-pod-status-logger", chart, "--namespace", ns)
		if err == nil || !strings.Contains(err.Error(), "invalid ownership metadata") {
			t.Errorf("the second release: %v, want it refused", err)
		}
		if now := c.onePod(t, ns, ""); now != pod {
			t.Error("the pod of the first release was replaced")
		}
		h.must("uninstall", "x", "--namespace", ns)
	})
}

// TestVolumeCannotChange checks that a changed volume is rejected with an error, and that the
// attempt has no other effect.
func TestVolumeCannotChange(t *testing.T) {
	c := theControl(t)
	each(t, func(t *testing.T, h tool) {
		h = h.at(c.kubeconfig)
		ns := c.newNamespace(t, "volume-"+t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
		h.must("install", "r", chart, "--namespace", ns)
		_, err := h.try(nil, "upgrade", "r", chart, "--namespace", ns, "--set", "persistence.size=2Gi")
		if err == nil || !strings.Contains(err.Error(), "spec.volumeClaimTemplates") {
			t.Errorf("a larger volume: %v, want it refused", err)
		}
		h.must("upgrade", "r", chart, "--namespace", ns, "--set", "config.cluster=prod")
		h.must("uninstall", "r", "--namespace", ns)
	})
}

func (c *control) wantPods(t *testing.T, ns string, want ...string) {
	t.Helper()
	var got []string
	wait.Until(t, fmt.Sprintf("pods %v", want), func() bool {
		pods, err := c.client.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got = nil
		for i := range pods.Items {
			got = append(got, pods.Items[i].Name)
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func (c *control) uid(t *testing.T, ns, pod string) string {
	t.Helper()
	got, err := c.client.CoreV1().Pods(ns).Get(t.Context(), pod, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return string(got.UID)
}

// wantLeft compares all objects with the chart's labels in the namespace and in the cluster.
func (c *control) wantLeft(t *testing.T, ns string, want ...string) {
	t.Helper()
	kubectl := kubectl(t, c)
	var got []string
	for _, namespaced := range []string{"true", "false"} {
		kinds := strings.Fields(kubectl.must("api-resources", "--verbs=list", "--namespaced="+namespaced, "-o", "name"))
		kinds = slices.DeleteFunc(kinds, func(kind string) bool { return strings.HasPrefix(kind, "events") })
		const names = `jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}`
		args := []string{"get", strings.Join(kinds, ","), "-l", "app.kubernetes.io/name=pod-status-logger", "-o", names}
		if namespaced == "true" {
			args = append(args, "--namespace", ns)
		}
		for object := range strings.FieldsSeq(kubectl.must(args...)) {
			kind, name, _ := strings.Cut(object, "/")
			if namespaced == "true" || strings.HasPrefix(name, ns+":") {
				got = append(got, strings.ToLower(kind)+"s/"+name)
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("left are %v, want %v", got, want)
	}
}
