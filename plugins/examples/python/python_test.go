// Package python_test runs the tests of the plugin in Python, and verifies it under the real
// host.
package python_test

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

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

func needPython(t *testing.T) {
	t.Helper()
	if err := need.PythonPlugins(t.Context()); err != nil {
		need.Missing(t, "Python", err)
	}
	// `go test` compares opened files before it uses a cached result.
	for _, pattern := range []string{"*.py", "*.sh", "testdata/*.py", "../../../proto/podstatus/enrich/v1/*.proto"} {
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

func TestPython(t *testing.T) {
	needPython(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, need.Python, "-B", "-m", "unittest", "-v").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// run returns a function that starts the plugin under the real host, which logs to log.
func run(t *testing.T, plainText bool, log *slog.Logger) enrichertest.Start {
	t.Helper()
	program, err := filepath.Abs("hello.py")
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (enrichertest.Process, error) {
		return pluginhost.Run(ctx, pluginhost.Spec{Name: "pyhello", Command: program, PlainText: plainText}, log)
	}
}

func TestConformance(t *testing.T) {
	needPython(t)
	var log bytes.Buffer
	report, err := enrichertest.Verify(t.Context(), run(t, true, slog.New(slog.NewTextHandler(&log, nil))),
		enrichertest.Options{Config: `{"greeting": "hi"}`, BadConfig: `{"gretting": "hi"}`})
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

func TestNoAutoMTLS(t *testing.T) {
	needPython(t)
	p, err := run(t, false, slog.New(slog.DiscardHandler))(t.Context())
	if err == nil {
		p.Kill()
	}
	if err == nil || !strings.Contains(err.Error(), "autoMTLS: false") {
		t.Errorf("got %v, want a hint at autoMTLS: false", err)
	}
}
