package prometheus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
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

// startProgram starts the program on an API server, with a receiver and further environment
// variables, and returns the address of its metrics.
func startProgram(t *testing.T, apiServer, receiver string, env ...string) (address string) {
	t.Helper()
	address = freeport.Address(t)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	write(t, kubeconfig, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
  "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u"}],
  "clusters": [{"name": "c", "cluster": {"server": %q}}]}`, apiServer))
	start(t, env, programPath, "--kubeconfig", kubeconfig, "--listen", address, "--otlp-endpoint", receiver,
		"--otlp-protocol=http/protobuf", "--events", "--shutdown-timeout=100ms").AwaitOK(t, "http://"+address+"/livez")
	return address
}

// start starts a program that runs until the test ends.
func start(t *testing.T, env []string, path string, args ...string) *program.Program {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: make rules-test builds it", err)
	}
	return program.Start(t, program.Command{Path: path, Args: args, Env: env})
}

// staticAPI starts an API server with one pod, and returns its URL. Each value from changes
// makes another version of the pod. The server answers watches only.
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
				"uid": "1", "resourceVersion": "%d", "labels": {"version": "%d"}, "annotations": {%s}}}}`+"\n",
				kind, version, version, annotations)
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
