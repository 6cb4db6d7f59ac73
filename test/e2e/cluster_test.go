//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

const clusterProgram = "../cluster/bin/cluster"

// cluster is a control plane that exists as long as the test runs.
type cluster struct {
	t    *testing.T
	dir  string
	Info struct {
		AdminKubeconfig  string `json:"admin_kubeconfig"`
		LoggerKubeconfig string `json:"logger_kubeconfig"`
		OwnersKubeconfig string `json:"owners_kubeconfig"`
	}
	client *http.Client
	url    string
}

// startCluster starts a cluster; apiServerArgs are further arguments of its API server.
func startCluster(t *testing.T, apiServerArgs ...string) *cluster {
	t.Helper()
	// Not t.TempDir: its name may be too long for a socket.
	dir, err := os.MkdirTemp("", "e2e-cluster")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, dir: dir}
	t.Cleanup(func() {
		c.run("down")
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	args := []string{"up"}
	for _, arg := range apiServerArgs {
		args = append(args, "--apiserver-arg="+arg)
	}
	if err := json.Unmarshal(c.run(args...), &c.Info); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.Info.AdminKubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	c.url = config.Host
	if c.client, err = rest.HTTPClientFor(config); err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs a command of the cluster program and returns its output.
func (c *cluster) run(args ...string) []byte {
	c.t.Helper()
	out, err := c.tryRun(args...)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// tryRun is run for goroutines, which must not end the test.
func (c *cluster) tryRun(args ...string) ([]byte, error) {
	cmd := exec.Command(clusterProgram, append(args, "--dir", c.dir)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// do sends a request to the API server and returns the object in the response. It
// repeats the request while the server can't be reached.
func (c *cluster) do(method, path string, body any) object {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	contentType := "application/json"
	if method == http.MethodPatch {
		contentType = "application/merge-patch+json"
	}
	return c.send(method, path, contentType, b)
}

func (c *cluster) send(method, path, contentType string, body []byte) (answer object) {
	c.t.Helper()
	wait.NoError(c.t, method+" "+path, func() (err error) {
		answer, err = c.try(c.t.Context(), method, path, contentType, body)
		return err
	})
	return answer
}

// try sends a request once.
func (c *cluster) try(ctx context.Context, method, path, contentType string, body []byte) (object, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	done := response.StatusCode == http.StatusConflict ||
		method == http.MethodDelete && response.StatusCode == http.StatusNotFound
	if response.StatusCode >= 300 && !done {
		return nil, fmt.Errorf("%s: %s", response.Status, b)
	}
	var answer object
	return answer, json.Unmarshal(b, &answer)
}

// get returns an object.
func (c *cluster) get(path string) object {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil)
}

// remove deletes an object, and in the background the objects that it owns.
func (c *cluster) remove(path string) {
	c.t.Helper()
	c.do(http.MethodDelete, path, object{"propagationPolicy": "Background"})
}

// awaitNoPods waits until the pods at a path are gone.
func (c *cluster) awaitNoPods(path string) {
	c.t.Helper()
	wait.NoError(c.t, "all pods are gone", func() error {
		if left := list(c.get(path), "items"); len(left) > 0 {
			return fmt.Errorf("%d are left, such as %s", len(left), text(left[0], "metadata", "name"))
		}
		return nil
	})
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
