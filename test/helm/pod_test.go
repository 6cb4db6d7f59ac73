package helm

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// inPod is a script that runs a command as a container runtime would: with the folder as a root
// file system that is read-only except for the mounts, as user and group 65532, without
// capabilities and without a way to gain any. It uses exec, so that signals reach the program.
const inPod = `set -euo pipefail
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind "$root.mounts/var/lib/pod-status-logger" "$root/var/lib/pod-status-logger"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups=65532 "$root" "$@"
`

// TestPod runs the program like the pod of a release, with the arguments, environment, user and
// mounts in the API server. There is no container runtime here; the root file system contains
// the parts of the image that the program uses.
func TestPod(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI has to run this as root")
		}
		t.Skip("mounting and changing users takes root")
	}
	c := theControl(t)
	ns := c.newNamespace(t, "pod")
	helm(t, "v4").at(c.kubeconfig).must("install", "r", chart, "--namespace", ns, "--set", "config.watch.namespaces={pod}")
	set, err := c.client.AppsV1().StatefulSets(ns).Get(t.Context(), "r-pod-status-logger", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.deploy(t, ns, "deployment")
	container := set.Spec.Template.Spec.Containers[0]
	root := c.newRoot(t, ns, container)

	args := []string{"--mount", "bash", "-c", inPod, "in-pod", root, "/pod-status-logger"}
	for _, arg := range container.Args {
		// Other tests use that port, too.
		args = append(args, strings.Replace(arg, "--listen=:9464", "--listen=127.0.0.1:0", 1))
	}
	server, err := url.Parse(c.config.Host)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{
		"-i", "PATH=" + os.Getenv("PATH"), "KUBERNETES_SERVICE_HOST=" + server.Hostname(),
		"KUBERNETES_SERVICE_PORT=" + server.Port(),
	}
	for _, variable := range container.Env {
		env = append(env, variable.Name+"="+variable.Value)
	}
	l := &logger{t: t}
	l.start(program.Command{Path: "/usr/bin/env", Args: slices.Concat(env, []string{"unshare"}, args)})

	address := regexp.MustCompile(`"address":"(127\.0\.0\.1:[0-9]+)"`)
	wait.Until(t, "the program listens", func() bool {
		if m := address.FindStringSubmatch(l.log()); m != nil {
			l.address = m[1]
		}
		return l.address != ""
	})
	wait.Until(t, "the program is ready", l.ready)
	wait.Until(t, "a record with a bundle",
		func() bool { return l.has(func(x record) bool { return x.Bundle == "helm/pod/deployment" }) })
	if !exists(root + ".mounts/var/lib/pod-status-logger/journal.db") {
		t.Error("there is no journal on the volume")
	}
	if strings.Contains(l.log(), `"level":"WARN"`) || strings.Contains(l.log(), `"level":"ERROR"`) {
		t.Error("the program has warned of something")
	}
}

// newRoot creates a root file system with the contents of the image and the pod's volumes, and
// a folder for writable mounts.
func (c *control) newRoot(t *testing.T, ns string, container corev1.Container) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	root := filepath.Join(dir, "root")
	config, err := c.client.CoreV1().ConfigMaps(ns).Get(t.Context(), "r-pod-status-logger", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	account := c.as(t, ns, "r-pod-status-logger")
	ca := account.CAData
	if len(ca) == 0 {
		if ca, err = os.ReadFile(account.CAFile); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile(loggerProgram)
	if err != nil {
		t.Fatal(err)
	}
	const secrets = "/var/run/secrets/kubernetes.io/serviceaccount/"
	for path, content := range map[string][]byte{
		"/pod-status-logger": program, "/etc/pod-status-logger/config.yaml": []byte(config.Data["config.yaml"]),
		secrets + "token": []byte(account.BearerToken), secrets + "ca.crt": ca, secrets + "namespace": []byte(ns),
		"/proc/.keep": nil, "/dev/.keep": nil,
	} {
		if err := write(root+path, content); err != nil {
			t.Fatal(err)
		}
	}
	for _, mount := range container.VolumeMounts {
		if mount.ReadOnly {
			continue
		}
		for _, folder := range []string{root, root + ".mounts"} {
			if err := os.MkdirAll(folder+mount.MountPath, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		// As with fsGroup.
		if err := os.Chown(root+".mounts"+mount.MountPath, 0, 65532); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(root+".mounts"+mount.MountPath, 0o2775); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o755)
}
