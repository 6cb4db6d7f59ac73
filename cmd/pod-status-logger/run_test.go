package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// kubeconfig writes a kubeconfig for the server.
func kubeconfig(t testing.TB, server *apiscript.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: %q}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
users: [{name: me, user: {}}]
`, server.URL())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func apiServer(t *testing.T) *apiscript.Server {
	t.Helper()
	server := apiscript.NewServer(apiscript.WithAddress(freeport.Address(t))) // some go down and up again
	t.Cleanup(server.Close)
	return server
}

func somePod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i:1"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodPending},
	}
}

// TestRun: both sinks get the same records, all of them before the program ends after
// a signal.
func TestRun(t *testing.T) {
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(strings.ReplaceAll(protocol, "/", "-"), func(t *testing.T) {
			server := apiServer(t)
			server.Create(somePod("shop", "before"))
			receiver := otlptest.New(t, otlptest.Options{HTTP: protocol != "grpc"})
			p := start(t, map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.URL(),
				"OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
				"OTEL_RESOURCE_ATTRIBUTES":    "k8s.cluster.name=prod%20eu,deployment.environment.name=prod",
			}, "--kubeconfig", kubeconfig(t, server), "--listen=")
			p.await(1)
			server.Create(somePod("shop", "web"))
			server.Update("shop", "web", func(p *corev1.Pod) { p.Spec.NodeName = "n1" })
			server.Delete("shop", "web")
			p.await(4)
			p.signal()
			stdout, stderr, status := p.wait()
			if status != cli.ExitOK {
				t.Fatalf("exit status %d, stderr:\n%s", status, stderr)
			}
			want := []string{
				"pod shop/before already existed", "pod shop/web was created", "pod shop/web was scheduled to node n1",
				"pod shop/web was deleted",
			}
			if got := receiver.Bodies(); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("over OTLP %q, want %q", got, want)
			}
			for i, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
				if !strings.Contains(line, `"msg":"`+want[i]+`"`) || !strings.Contains(line, `"cluster":"prod eu"`) {
					t.Errorf("line %d: %s, want message %q and the cluster", i, line, want[i])
				}
			}
		})
	}
}

// TestScope: flags select namespaces and pods.
func TestScope(t *testing.T) {
	server := apiServer(t)
	for _, ns := range []string{"a", "b", "c"} {
		server.Create(somePod(ns, "web"))
		server.Create(somePod(ns, "db"))
	}
	p := start(t, nil, "run", "--kubeconfig", kubeconfig(t, server), "-n", "a,b", "-l", "app=web", "--listen=", "-o",
		"pretty")
	p.await(2)
	server.Delete("c", "web")
	server.Delete("a", "db")
	server.Delete("b", "web")
	p.await(3)
	p.signal()
	stdout, stderr, status := p.wait()
	if status != cli.ExitOK || strings.Count(stdout, "\n") != 3 || strings.Contains(stdout, "c/") ||
		strings.Contains(stdout, "db") {
		t.Errorf("exit status %d, stdout:\n%sstderr:\n%s", status, stdout, stderr)
	}
}

// TestReceiverAway: records that a receiver does not accept within the shutdown timeout
// are counted, and the exit status is 1. stdout has all records.
func TestReceiverAway(t *testing.T) {
	server := apiServer(t)
	server.Create(somePod("shop", "web"))
	p := start(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + freeport.Address(t)},
		"--kubeconfig", kubeconfig(t, server), "--listen=", "--shutdown-timeout=50ms")
	p.await(1)
	p.signal()
	_, stderr, status := p.wait()
	if status != cli.ExitFailed || !strings.Contains(stderr, "1 records are left: the OTLP receiver did not accept them") {
		t.Errorf("exit status %d, stderr:\n%s", status, stderr)
	}
}

// TestReceiverComes: a receiver that starts late gets all records.
func TestReceiverComes(t *testing.T) {
	server := apiServer(t)
	receiver := otlptest.Unreachable(t, otlptest.Options{})
	server.Create(somePod("shop", "web"))
	p := start(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.URL()},
		"--kubeconfig", kubeconfig(t, server), "--listen=", "--shutdown-timeout=30s")
	p.await(1)
	receiver.Start(t)
	p.signal()
	_, stderr, status := p.wait()
	if got := receiver.Bodies(); status != cli.ExitOK || len(got) != 1 {
		t.Errorf("exit status %d, received %q, stderr:\n%s", status, got, stderr)
	}
}

// TestServerAway: the program starts without an API server, is not ready, and becomes
// ready when there is one.
func TestServerAway(t *testing.T) {
	server := apiServer(t)
	server.Create(somePod("shop", "web"))
	server.Down()
	address := freeport.Address(t)
	p := start(t, nil, "--kubeconfig", kubeconfig(t, server), "--listen", address)
	wait.Until(t, "the program is live", func() bool { code, _ := get(address, "/livez"); return code == http.StatusOK })
	if code, body := get(address, "/readyz"); code != http.StatusServiceUnavailable ||
		!strings.Contains(body, "watch of all namespaces: pods are not listed yet") {
		t.Errorf("/readyz: %d %s", code, body)
	}
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	p.await(1)
	awaitReady(t, address)
	_, metrics := get(address, "/metrics")
	for _, series := range []string{
		`pod_status_logger_records_total{action="create",state=""} 1`,
		`pod_status_logger_watch_events_total{kind="present",resource="pods"} 1`,
		`pod_status_logger_watch_restarts_total{reason="refused",resource="pods"}`,
		`pod_status_logger_pods 1`,
		`pod_status_logger_watch_silence_seconds{resource="pods",watched_namespace=""}`,
	} {
		if !strings.Contains(metrics, series) {
			t.Errorf("/metrics lacks %s", series)
		}
	}
	p.signal()
	if _, stderr, status := p.wait(); status != cli.ExitOK {
		t.Errorf("exit status %d, stderr:\n%s", status, stderr)
	}
}

// TestFullJournal: without a receiver, stdout gets records until the journal is full.
// Then the watch blocks, and the program is not ready. A receiver gets all records
// later, once and in order.
func TestFullJournal(t *testing.T) {
	server := apiServer(t)
	const pods = 3000
	for i := range pods {
		server.Create(somePod("shop", fmt.Sprintf("web-%04d", i)))
	}
	receiver := otlptest.Unreachable(t, otlptest.Options{})
	address := freeport.Address(t)
	p := start(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.URL()},
		"--kubeconfig", kubeconfig(t, server), "--listen", address, "--state-max-size=1Mi", "--shutdown-timeout=30s")
	wait.Until(t, "readiness reports the full journal", func() bool {
		code, body := get(address, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "the journal is full")
	})
	if n := strings.Count(p.read(p.stdout), "\n"); n == 0 || n == pods {
		t.Errorf("%d lines of %d on stdout while the journal is full", n, pods)
	}
	receiver.Start(t)
	p.await(pods)
	awaitReady(t, address)
	p.signal()
	stdout, stderr, status := p.wait()
	if status != cli.ExitOK {
		t.Errorf("exit status %d, stderr:\n%s", status, stderr)
	}
	var messages []string
	for line := range strings.Lines(stdout) {
		_, rest, _ := strings.Cut(line, `"msg":"`)
		message, _, _ := strings.Cut(rest, `"`)
		messages = append(messages, message)
	}
	if diff := cmp.Diff(messages, receiver.Bodies()); diff != "" || len(messages) != pods {
		t.Errorf("%d records; over OTLP (-stdout +received):\n%s", len(messages), diff)
	}
}

// TestAddressTaken: the error of an address in use names the flag.
func TestAddressTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, stderr, status := start(t, nil, "--kubeconfig", kubeconfig(t, apiServer(t)), "--listen", l.Addr().String()).wait()
	if status != cli.ExitFailed || !strings.Contains(stderr, l.Addr().String()) || !strings.Contains(stderr, "--listen") {
		t.Errorf("exit status %d, stderr:\n%s", status, stderr)
	}
}

// TestBlockedStdout: a program whose stdout nobody reads ends after the shutdown
// timeout.
func TestBlockedStdout(t *testing.T) {
	server := apiServer(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // unblocks the last write
		go func() { _, _ = io.Copy(io.Discard, read) }()
	})
	for i := range 200 { // more than a pipe holds
		pod := somePod("shop", fmt.Sprintf("web-%d", i))
		pod.Labels["long"] = strings.Repeat("x", 1000)
		server.Create(pod)
	}
	env := environment(strings.NewReader(""), write, log, func(string) (string, bool) { return "", false })
	p := &program{t: t, status: make(chan int, 1)}
	if isFull(t, read) {
		t.Fatal("the pipe is full before the start")
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		p.status <- cli.Run(ctx,
			[]string{"--kubeconfig", kubeconfig(t, server), "--listen=", "--shutdown-timeout=50ms", "--log-level=error"}, env)
	}()
	wait.Until(t, "the pipe is full", func() bool { return isFull(t, read) })
	cancel()
	if status := <-p.status; status != cli.ExitFailed {
		t.Errorf("exit status %d, want %d: records are left", status, cli.ExitFailed)
	}
}

func get(address, path string) (int, string) {
	response, err := http.Get("http://" + address + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}
