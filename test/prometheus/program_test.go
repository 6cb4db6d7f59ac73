package prometheus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What make builds first.
const (
	root          = "../../"
	programPath   = root + "bin/pod-status-logger"
	promtoolPath  = "bin/promtool"
	prometheusBin = "bin/prometheus"
	rulesPath     = root + "deploy/helm/pod-status-logger/files/alerts.yaml"
	dashboardPath = root + "deploy/helm/pod-status-logger/files/dashboard.json"
)

// startProgram runs the real program on an API server, with a receiver and more
// variables, and returns the address of its metrics.
func startProgram(t *testing.T, apiServer, receiver string, env ...string) (address string) {
	t.Helper()
	address = freeAddress(t)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	write(t, kubeconfig, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
  "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u"}],
  "clusters": [{"name": "c", "cluster": {"server": %q}}]}`, apiServer))
	run(t, env, programPath, "--kubeconfig", kubeconfig, "--listen", address, "--otlp-endpoint", receiver,
		"--otlp-protocol=http/protobuf", "--shutdown-timeout=100ms")
	eventually(t, "the program answers", func() error { _, err := get(t, "http://"+address+"/livez"); return err })
	return address
}

// run runs a program until the test ends, and shows what it printed if that failed.
func run(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...)
	var out bytes.Buffer
	cmd.Stderr, cmd.Env = &out, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make rules-test builds it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, out.String())
		}
	})
}

// staticAPI is an API server with one pod, of which each value from changes makes
// another version. It serves watches only.
func staticAPI(t *testing.T, changes <-chan int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "" {
			http.Error(w, "only watches", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		pod := func(kind string, version int, annotations string) {
			_, _ = fmt.Fprintf(w, `{"type": %q, "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "shop",
				"uid": "1", "resourceVersion": "%d", "labels": {"version": "%d"}, "annotations": {%s}}}}`+"\n", kind, version, version, annotations)
			_ = http.NewResponseController(w).Flush()
		}
		pod("ADDED", 1, "")
		pod("BOOKMARK", 1, `"k8s.io/initial-events-end": "true"`)
		for {
			select {
			case version := <-changes:
				pod("MODIFIED", version, "")
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func get(t *testing.T, url string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status + ": " + string(b))
	}
	return string(b), err
}

func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), promtoolPath, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
