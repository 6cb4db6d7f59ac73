package helm

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const page = "../../docs/kubernetes.md"

// TestPage does what docs/kubernetes.md says, in a clone of the repository and in
// one shell, with either helm: every command succeeds, and prints what the page
// says where it says that.
func TestPage(t *testing.T) {
	c := theControl(t)
	// The page's cluster has a storage class, and somebody who provides volumes.
	class := &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
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
			script, commands := scriptOf(t)
			if commands < 25 {
				t.Fatalf("the page has %d commands, want more", commands)
			}
			h := helm(t, version).at(c.kubeconfig)
			path := filepath.Dir(h.path) + ":" + absolute(t, "../cluster/bin") + ":" + os.Getenv("PATH")
			cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
			cmd.Dir, cmd.Env = clone(t), slices.Concat(h.env, []string{"PATH=" + path})
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			kubectl(t, c).must("delete", "namespace", "observability", "shop")
		})
	}
}

// clone is a folder that has what the page reads of the repository, in which it
// may write.
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

// scriptOf returns the page as one script, which ends where a command fails or
// prints something else.
func scriptOf(t *testing.T) (script string, commands int) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)(<!-- not run: [^\n]* -->\n)?^```([a-z]+)(?: title=\"([^\"]+)\")?\n(.*?)^```$")
	var b strings.Builder
	b.WriteString("set -euo pipefail\nsame() { [ \"$1\" = \"$2\" ] || { echo \"want: $2\"; echo \"got: $1\"; exit 1; }; }\n")
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		notRun, language, file, body := m[1], m[2], m[3], m[4]
		switch {
		case notRun != "":
		case file != "":
			b.WriteString("cat >'" + file + "' <<'END_OF_FILE'\n" + body + "END_OF_FILE\n")
		case language == "console":
			for _, step := range strings.Split("\n"+body, "\n$ ")[1:] {
				command, want, _ := strings.Cut(step, "\n")
				commands++
				b.WriteString("echo '$' " + quote(command) + "\n")
				if want = strings.TrimSpace(want); want == "" {
					b.WriteString(command + "\n")
				} else {
					b.WriteString("same \"$(" + command + ")\" " + quote(want) + "\n")
				}
			}
		}
	}
	return b.String(), commands
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
