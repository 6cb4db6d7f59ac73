//go:build node

package chart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

const (
	helmProgram = "../../helm/bin/v4/helm"
	chartFolder = "../../../deploy/helm/pod-status-logger"
	manifests   = "../../../deploy/manifests/"
	// The image that the chart names.
	image = "ghcr.io/pod-status-logger/pod-status-logger:v0.1.0"
)

// theNode is the node that all tests share.
var theNode = nodetest.NewShared("testdata/kubelet.yaml")

func TestMain(m *testing.M) { os.Exit(theNode.Run(m)) }

// cluster is the node with the program's image.
type cluster struct {
	*nodetest.Node
	t *testing.T
}

// theCluster returns the node that all tests share. The first one adds the image and the
// class of its volumes.
func theCluster(t *testing.T) cluster {
	t.Helper()
	c := cluster{theNode.Node(t), t}
	prepared.Do(func() {
		c.addImage(image, "/pod-status-logger", map[string]string{nodetest.LoggerProgram: "/pod-status-logger"})
		c.apply(storageClass)
	})
	return c
}

var prepared sync.Once

// build runs a command that builds files of an image.
func build(t *testing.T, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// addImage makes an image of files, each with its path, and adds it to the node.
func (c cluster) addImage(name, entrypoint string, files map[string]string) {
	c.t.Helper()
	archive := filepath.Join(c.t.TempDir(), "image.tar")
	args := []string{"../bin/node", "image", "--user", "65532:65532", archive, name, entrypoint}
	for file, to := range files {
		args = append(args, file+"="+to)
	}
	build(c.t, nil, args...)
	c.Run(c.t, "ctr", "images", "import", "--local", archive)
}

// kubectl runs kubectl in a namespace.
func (c cluster) kubectl(ns string, args ...string) string {
	c.t.Helper()
	return c.Run(c.t, append([]string{"kubectl", "--namespace", ns}, args...)...)
}

// apply creates or changes objects.
func (c cluster) apply(stream string) {
	c.t.Helper()
	cmd := c.Enter("kubectl", "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(stream)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("kubectl apply: %v\n%s%s", err, out, stream)
	}
}

// namespace makes a namespace in which pods have to be restricted.
func (c cluster) namespace(name string) string {
	c.t.Helper()
	c.apply(fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels: {pod-security.kubernetes.io/enforce: restricted}
`, name))
	return name
}

// helm runs helm, which waits until pods are ready.
func (c cluster) helm(ns, action, name string, args ...string) {
	c.t.Helper()
	helm, err := filepath.Abs(helmProgram)
	if err != nil {
		c.t.Fatal(err)
	}
	all := []string{helm, action, name, "--namespace", ns, "--wait", "--timeout", "5m"}
	if action != "uninstall" {
		chart, err := filepath.Abs(chartFolder)
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, chart)
	}
	cmd := c.Enter(append(all, args...)...)
	cmd.Env = append(os.Environ(), c.helmEnv()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("helm %s: %v\n%s", action, err, out)
	}
}

// helmEnv returns variables that keep helm out of the home folder.
func (c cluster) helmEnv() []string {
	home := c.t.TempDir()
	return []string{"HOME=" + home, "HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}
}

// record is what the tests read of a record.
type record struct {
	Seq       int    `json:"seq"`
	Action    string `json:"action"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
	State     string `json:"state"`
	Initial   bool   `json:"initial"`
	Greeting  string `json:"hello.greeting"`
}

// logs reads the records in the log of the program's container.
func (c cluster) logs(ns, workload string, args ...string) []record {
	c.t.Helper()
	text := c.kubectl(ns, append([]string{"logs", workload, "--container", "pod-status-logger"}, args...)...)
	return records(c.t, []byte(text))
}

// records reads the lines that are records. The program's own log, which goes to the
// same file, has no seq.
func records(t *testing.T, text []byte) (all []record) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var rec record
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatalf("log: %v: %s", err, line)
		}
		if rec.Seq > 0 {
			all = append(all, rec)
		}
	}
	return all
}

// checkSequence checks that records follow each other without a gap.
func checkSequence(t *testing.T, all []record) {
	t.Helper()
	for i := 1; i < len(all); i++ {
		if all[i].Seq != all[i-1].Seq+1 {
			t.Errorf("after seq %d comes %d", all[i-1].Seq, all[i].Seq)
		}
	}
}

// gatedSpec is the spec of a pod that stays Pending.
const gatedSpec = `spec:
  schedulingGates: [{name: example.com/never}]
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: node.test/box:1
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// create creates a pod that stays Pending, which gives two records.
func (c cluster) create(ns, name string) {
	c.t.Helper()
	c.apply(fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s}
%s`, name, ns, gatedSpec))
}

// awaitRecord waits until the log of a program has a record of a pod's creation, and
// returns it.
func (l logger) awaitRecord(workload, ns, pod string) (found record) {
	l.t.Helper()
	nodetest.Eventually(l.t, "a record of pod "+ns+"/"+pod, func() bool {
		for _, rec := range l.logs(l.ns, workload) {
			if rec.Namespace == ns && rec.Pod == pod && rec.Action == "create" {
				found = rec
				return true
			}
		}
		return false
	})
	return found
}
