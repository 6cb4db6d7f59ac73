package measure

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
)

// programs builds all programs except the Collector, which takes minutes.
func programs(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	for folder, packages := range map[string][]string{
		"..":    {"./informer", "./decode", "./frames"},
		"../..": {"./cmd/pod-status-logger"},
	} {
		build := exec.CommandContext(t.Context(), "go",
			append([]string{"build", "-ldflags=-s -w", "-o", bin + string(filepath.Separator)}, packages...)...)
		build.Dir = folder
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %v: %v\n%s", packages, err, out)
		}
	}
	return bin
}

func TestTry(t *testing.T) {
	bin := programs(t)
	for _, s := range All() {
		if s.Name == K8sobjects.Name {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			o, err := Try(t.Context(), bin, Trial{Subject: s, Pods: 60, Size: apiserver.Small, Events: 1000})
			if err != nil {
				t.Fatal(err)
			}
			if o.Failure != "" || o.Lost != 0 {
				t.Errorf("failure %q, %d lost", o.Failure, o.Lost)
			}
			if o.CPU <= 0 || o.PerSecond <= 0 || o.Steady <= 0 || o.Peak < o.Steady || o.Drained <= 0 || o.Synced <= 0 {
				t.Errorf("something is not measured: %+v", o)
			}
			if lines, sends := o.Stdout.P50 > 0, o.OTLP.P99 > 0; lines != s.Lines || sends != s.Sends {
				t.Errorf("delays on stdout: %t, want %t; over OTLP: %t, want %t", lines, s.Lines, sends, s.Sends)
			}
			if o.Media != "application/vnd.kubernetes.protobuf" {
				t.Errorf("it reads %s", o.Media)
			}
		})
	}
	t.Run("profile", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "cpu.pprof")
		if err := Profile(t.Context(), bin, file, 1); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-raw", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "core/watch.(*Stream).Run") {
			t.Errorf("%v: no profile of a watch: %s", err, out)
		}
	})
	t.Run("a program that is gone", func(t *testing.T) {
		broken := ours("broken", false, "none", "--no-such-flag")
		o, err := Try(t.Context(), bin, Trial{Subject: broken, Pods: 1, Size: apiserver.Small, Events: 1})
		if err != nil || o.Failure == "" {
			t.Errorf("got %+v, %v, want a failure", o, err)
		}
	})
}
