//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// The programs, as the Makefile builds them.
const (
	clusterProgram   = "../cluster/bin/cluster"
	collectorProgram = "../collector/bin/otelcol"
	loggerProgram    = "../../bin/pod-status-logger"
	collectorConfig  = "../../otel-collector.yaml"
	intoFile         = "testdata/collector-file.yaml" // keeps what the Collector takes
	bundlesPage      = "../../docs/bundles.md"
)

// cluster is a control plane that lives as long as the test.
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

// startCluster starts a cluster; apiServerArgs are further arguments of its API
// server.
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

// run calls the cluster program and returns what it prints.
func (c *cluster) run(args ...string) []byte {
	c.t.Helper()
	out, err := c.call(args...)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// call is run for goroutines, which must not end the test.
func (c *cluster) call(args ...string) ([]byte, error) {
	cmd := exec.Command(clusterProgram, append(args, "--dir", c.dir)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// do sends a request to the API server and returns the object in the answer. It
// tries again while the server can't be reached.
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
	var last error
	defer func() {
		if last != nil {
			c.t.Logf("%s %s: %v", method, path, last)
		}
	}()
	c.eventually(method+" "+path, func() bool {
		answer, last = c.try(c.t.Context(), method, path, contentType, body)
		return last == nil
	})
	return answer
}

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
	done := response.StatusCode == http.StatusConflict || method == http.MethodDelete && response.StatusCode == http.StatusNotFound
	if response.StatusCode >= 300 && !done {
		return nil, fmt.Errorf("%s: %s", response.Status, b)
	}
	var answer object
	return answer, json.Unmarshal(b, &answer)
}

// remove deletes an object, and later what it owns.
func (c *cluster) remove(path string) {
	c.t.Helper()
	c.do(http.MethodDelete, path, object{"propagationPolicy": "Background"})
}

func (c *cluster) eventually(what string, condition func() bool) {
	c.t.Helper()
	eventually(c.t, what, condition)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !condition(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("does not happen: %s", what)
		}
	}
}

// process is a program under test, with its output in files.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	name           string
	stdout, stderr string
	done           chan error
}

func startProcess(t *testing.T, dir, name string, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{
		t: t, name: name, done: make(chan error, 1),
		stdout: filepath.Join(dir, name+".stdout"), stderr: filepath.Join(dir, name+".stderr"),
	}
	stdout, err := os.Create(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(program, args...)
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	p.cmd.Env = append(os.Environ(), env...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// stop ends the process with SIGTERM, which must succeed.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Errorf("%s ended with %v; stderr:\n%s", p.name, err, read(p.t, p.stderr))
		}
	case <-ctx.Done():
		p.t.Errorf("%s does not end", p.name)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
