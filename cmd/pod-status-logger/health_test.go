package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
)

// TestHealth: the exit statuses for health checks of containers.
func TestHealth(t *testing.T) {
	ready := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	}))
	defer ready.Close()
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the journal is full\npods are not listed yet", http.StatusServiceUnavailable)
	}))
	defer failing.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(ready.URL, "http://"), ":")
	nobody := "127.0.0.1:1"

	for name, c := range map[string]struct {
		args           []string
		listen         string
		status         int
		stdout, stderr string
	}{
		"ready": {args: []string{ready.URL + "/readyz"}, stdout: "ok\n"},
		"not ready": {
			args: []string{failing.URL + "/readyz"}, status: cli.ExitFailed,
			stderr: "503 Service Unavailable: the journal is full\npods are not listed yet\n",
		},
		"another path":    {args: []string{ready.URL + "/"}, status: cli.ExitFailed, stderr: "404 Not Found"},
		"nobody listens":  {listen: nobody, status: cli.ExitFailed, stderr: `not healthy: Get "http://127.0.0.1:1/readyz"`},
		"where it is set": {listen: strings.TrimPrefix(ready.URL, "http://"), stdout: "ok\n"},
		"any address":     {listen: ":" + port, stdout: "ok\n"},
		"any, in full":    {listen: "0.0.0.0:" + port, stdout: "ok\n"},
		"by a flag":       {args: []string{"--listen=:" + port}, listen: nobody, stdout: "ok\n"},
		"nowhere":         {args: []string{"--listen="}, status: cli.ExitUsage, stderr: "no address is configured"},
		"no URL": {
			args: []string{"localhost:9464"}, status: cli.ExitUsage, stderr: `"localhost:9464" is not a URL such as http://`,
		},
		"two URLs": {args: []string{ready.URL, ready.URL}, status: cli.ExitUsage, stderr: "needs at most one URL"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, map[string]string{"POD_STATUS_LOGGER_LISTEN": c.listen}, append([]string{"health"}, c.args...)...)
			stdout, stderr, status := p.wait()
			if status != c.status || stdout != c.stdout || !strings.Contains(stderr, c.stderr) {
				t.Errorf("exit status %d, want %d; stdout %q, stderr %q", status, c.status, stdout, stderr)
			}
		})
	}
}
