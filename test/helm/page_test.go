package helm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
)

const page = "../../docs/kubernetes.md"

// TestPage follows docs/kubernetes.md in one shell and in a clone of the repository, with both
// versions of Helm: the commands succeed and print the output of the page.
func TestPage(t *testing.T) {
	c := theControl(t)
	// The page's cluster has a storage class and a provisioner.
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner: "example.com/none",
	}
	if _, err := c.client.StorageV1().StorageClasses().Create(t.Context(), class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kubectl(t, c).must("delete", "storageclass", "standard") })
	for _, version := range []string{"v3", "v4"} {
		t.Run(version, func(t *testing.T) {
			for _, release := range []string{"pods", "shop"} {
				claim := &corev1.ObjectReference{Namespace: "observability", Name: "state-" + release + "-pod-status-logger-0"}
				c.newVolume(t, "page-"+version+"-"+release, "standard", claim) // claims of other tests wait for one, too
			}
			h := helm(t, version).at(c.kubeconfig)
			path := filepath.Dir(h.path) + ":" + absolute(t, "../cluster/bin") + ":" + os.Getenv("PATH")
			shell := docblocks.Shell{Dir: clone(t), Env: append(h.env, "PATH="+path)}
			shell.Check(t, steps(t))
			kubectl(t, c).must("delete", "namespace", "observability", "shop")
		})
	}
}

// clone returns a writable folder with the files of the repository that the page reads.
func clone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(absolute(t, "../../deploy"), filepath.Join(dir, "deploy")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte("that of the receiver"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// steps returns the steps of the page that a reader can follow in the test's cluster.
func steps(t *testing.T) []docblocks.Step {
	t.Helper()
	steps := slices.DeleteFunc(docblocks.Steps(t, docblocks.Read(t, page)), func(s docblocks.Step) bool {
		return strings.HasPrefix(s.Block.Claim, "not run: ") || s.Block.Claim == "run by: make node-test"
	})
	if len(steps) < 25 {
		t.Fatalf("the page has %d steps, want more", len(steps))
	}
	return steps
}
