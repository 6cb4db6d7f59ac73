// Package node_test runs the tests of the plugin in Node.js, and verifies it under the real host.
package node_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

func needNode(t *testing.T) {
	t.Helper()
	if err := need.NodePlugins(t.Context(), "."); err != nil {
		need.Missing(t, "Node.js", err)
	}
	// `go test` compares opened files before it uses a cached result.
	for _, pattern := range []string{"*.js", "testdata/*.js", "*.proto"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			if _, err := os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestNode(t *testing.T) {
	needNode(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, need.Node, "--test").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "pass 14") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestContract: the contract beside the plugin is that of the repository.
func TestContract(t *testing.T) {
	var texts [2]string
	for i, path := range []string{"../../../proto/podstatus/enrich/v1/enrich.proto", "enrich.proto"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(b)
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Errorf("copy enrich.proto here anew (-want +got):\n%s", diff)
	}
}

func TestConformance(t *testing.T) {
	needNode(t)
	program, err := filepath.Abs("hello.js")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	start := func(ctx context.Context) (enrichertest.Process, error) {
		return pluginhost.Run(ctx, pluginhost.Spec{Name: "jshello", Command: program, PlainText: true},
			slog.New(slog.NewTextHandler(&log, nil)))
	}
	report, err := enrichertest.Verify(t.Context(), start, enrichertest.Options{
		Config: `{"greeting": "hi"}`, BadConfig: `{"gretting": "hi"}`, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		if t.Logf("%s", result); result.Outcome == enrichertest.Broken {
			t.Errorf("rule %s: %s", result.Rule, result.Why)
		}
	}
	if !strings.Contains(log.String(), `level=INFO msg="greeting with hi"`) {
		t.Errorf("the host's log lacks the plugin's line, or its level:\n%s", &log)
	}
}
