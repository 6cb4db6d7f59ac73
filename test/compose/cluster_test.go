package compose

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// testCluster checks that one variable makes the logger watch another cluster, and that the
// program outside of a container sends to the same Collector.
func testCluster(t *testing.T, s *stack) {
	cluster := startCluster(t)
	s.env = []string{"PODSTATUS_KUBECONFIG=" + forContainer(t, s, cluster.logger)}
	s.up(t)
	cluster.create(t, "from-the-container")
	finds(t, "from-the-container")

	s.compose(t, "stop", "logger")
	logger := program.Start(t, program.Command{
		Path: root + "bin/pod-status-logger", Args: []string{"--kubeconfig=" + cluster.logger, "--listen=", "--initial=none"},
		Env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317"},
	})
	defer func() {
		if err := logger.Stop(); err != nil {
			t.Error(err)
		}
	}()
	wait.NoError(t, "the program's records are found", func() error {
		cluster.create(t, "from-the-host-")
		return found("from-the-host-*", t)
	})
}

func finds(t *testing.T, pod string) {
	t.Helper()
	wait.NoError(t, "pod "+pod+" is found", func() error { return found(pod, t) })
}

func found(pod string, t *testing.T) error {
	t.Helper()
	if len(stored(t, "k8s.pod.name:="+pod+` AND "is running"`)) == 0 {
		return errors.New("not yet")
	}
	return nil
}

// cluster is a real control plane: see test/cluster.
type cluster struct {
	logger string // path of a kubeconfig with the right to list and watch pods
	client kubernetes.Interface
}

func startCluster(t *testing.T) cluster {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	const path = root + "test/cluster/bin/cluster"
	t.Cleanup(func() {
		if out, err := exec.Command(path, "down", "--dir", dir).CombinedOutput(); err != nil {
			t.Errorf("stop the cluster: %v: %s", err, out)
		}
	})
	out, err := exec.Command(path, "up", "--dir", dir).Output()
	if err != nil {
		t.Fatalf("start the cluster: %v; make compose-test builds it", err)
	}
	var paths struct {
		Admin  string `json:"admin_kubeconfig"`
		Logger string `json:"logger_kubeconfig"`
	}
	if err := json.Unmarshal(out, &paths); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", paths.Admin)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return cluster{logger: paths.Logger, client: client}
}

// create creates a pod with the name, or with a generated one if the name ends with a dash.
func (c cluster) create(t *testing.T, name string) {
	t.Helper()
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example.test/main:1"}}}}
	if strings.HasSuffix(name, "-") {
		pod.GenerateName = name
	} else {
		pod.Name = name
	}
	if _, err := c.client.CoreV1().Pods(metav1.NamespaceDefault).Create(t.Context(), pod,
		metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// forContainer returns the path of a copy of a kubeconfig that the logger's user may read, with
// an address that containers can reach.
func forContainer(t *testing.T, s *stack, path string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gateway := s.run(t, "network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", "pod-status-logger_default")
	for _, c := range config.Clusters {
		server, err := url.Parse(c.Server)
		if err != nil {
			t.Fatal(err)
		}
		c.Server, c.TLSServerName = "https://"+forward(t, gateway+":0", server.Host), server.Hostname()
	}
	reachable := filepath.Join(s.dir, "kubeconfig")
	if err := errors.Join(clientcmd.WriteToFile(*config, reachable), os.Chmod(reachable, 0o644)); err != nil {
		t.Fatal(err)
	}
	return reachable
}

// forward forwards connections, and returns the address for them.
func forward(t *testing.T, from, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = in.Close() }()
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer func() { _ = out.Close() }()
				go func() { _, _ = io.Copy(out, in) }()
				_, _ = io.Copy(in, out)
			}()
		}
	}()
	return listener.Addr().String()
}
