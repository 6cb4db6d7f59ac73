package helm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// The programs that the Makefile builds.
const (
	clusterProgram = "../cluster/bin/cluster"
	loggerProgram  = "../../bin/pod-status-logger"
	chart          = "../../deploy/helm/pod-status-logger"
)

// control is the control plane that all tests share. Each test has its own namespaces.
type control struct {
	dir, kubeconfig string
	config          *rest.Config
	client          kubernetes.Interface
}

// started starts the control plane when the first test needs it.
var started = sync.OnceValues(startControl)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "helm-cluster")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("HELM_TEST_CLUSTER", filepath.Join(dir, "c"))
	code := m.Run()
	if out, err := exec.Command(clusterProgram, "down", "--dir", filepath.Join(dir, "c")).CombinedOutput(); err != nil &&
		exists(filepath.Join(dir, "c")) {
		fmt.Fprintf(os.Stderr, "cluster down: %v\n%s", err, out)
		code = 1
	}
	if code == 0 {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func startControl() (*control, error) {
	c := &control{dir: os.Getenv("HELM_TEST_CLUSTER")}
	out, err := exec.Command(clusterProgram, "up", "--dir", c.dir).Output()
	if err != nil {
		return nil, fmt.Errorf("cluster up: %w", err)
	}
	var info struct {
		Kubeconfig string `json:"admin_kubeconfig"`
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return nil, err
	}
	c.kubeconfig = info.Kubeconfig
	if c.config, err = clientcmd.BuildConfigFromFlags("", c.kubeconfig); err != nil {
		return nil, err
	}
	c.config.QPS, c.config.Burst = 200, 400
	c.client, err = kubernetes.NewForConfig(c.config)
	return c, err
}

func theControl(t *testing.T) *control {
	t.Helper()
	c, err := started()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tool is one version of Helm, or kubectl.
type tool struct {
	t    *testing.T
	path string
	env  []string
}

// each runs a test with both versions of Helm.
func each(t *testing.T, test func(t *testing.T, helm tool)) {
	t.Helper()
	for _, version := range []string{"v3", "v4"} {
		t.Run(version, func(t *testing.T) { test(t, helm(t, version)) })
	}
}

// helm returns a helm of the version without configuration of the user.
func helm(t *testing.T, version string) tool {
	t.Helper()
	home := t.TempDir()
	return tool{
		t, absolute(t, "bin/"+version+"/helm"),
		append(os.Environ(), "HOME="+home, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home),
	}
}

// at makes the tool use a cluster.
func (x tool) at(kubeconfig string) tool {
	x.env = append(x.env, "KUBECONFIG="+kubeconfig)
	return x
}

func kubectl(t *testing.T, c *control) tool {
	t.Helper()
	return tool{t, absolute(t, "../cluster/bin/kubectl"), os.Environ()}.at(c.kubeconfig)
}

// must runs the tool, which has to succeed, and returns its stdout.
func (x tool) must(args ...string) string {
	x.t.Helper()
	out, err := x.try(nil, args...)
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

func (x tool) try(stdin []byte, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.t.Context()), 5*time.Minute) // also in a cleanup
	defer cancel()
	cmd := exec.CommandContext(ctx, x.path, args...)
	cmd.Env, cmd.Stdin = x.env, bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(),
			fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(x.path), strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String(), nil
}
