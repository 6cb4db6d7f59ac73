//go:build release

// Package release tests `make release` on a commit with a tag: the program reports the version
// of the tag everywhere, and a build of the same commit elsewhere gives the same bytes.
package release

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
)

const tag = "v9.8.7-rc.1"

// TestRelease builds a release and checks its archives.
func TestRelease(t *testing.T) {
	checkout := checkoutOf(t, "here")
	command(t, checkout, "make", "release")
	path := unpack(t, filepath.Join(checkout, "dist"))

	t.Run("version", func(t *testing.T) {
		want := fmt.Sprintf("pod-status-logger %s %s %s/%s\n", tag, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		if have := command(t, "", path, "version"); have != want {
			t.Errorf("it prints %q, want %q", have, want)
		}
	})
	t.Run("scope of records", func(t *testing.T) { checkScope(t, path) })
	t.Run("metrics", func(t *testing.T) { checkMetrics(t, path) })
	t.Run("bill of materials", func(t *testing.T) { checkBill(t, filepath.Join(checkout, "dist"), path) })
	t.Run("again elsewhere", func(t *testing.T) { checkAgain(t, filepath.Join(checkout, "dist")) })
}

// checkoutOf returns a clone of the repository with the tag on its last commit.
func checkoutOf(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	command(t, "", "git", "clone", "--quiet", "../..", dir)
	command(t, dir, "git", "tag", "--force", tag)
	return dir
}

// unpack returns the path of a release's program for this machine.
func unpack(t *testing.T, dist string) string {
	t.Helper()
	dir, name := t.TempDir(), fmt.Sprintf("pod-status-logger_%s_%s_%s", tag, runtime.GOOS, runtime.GOARCH)
	command(t, dist, "sha256sum", "--check", "--quiet", "SHA256SUMS")
	command(t, dist, "tar", "-C", dir, "-xzf", name+".tar.gz")
	return filepath.Join(dir, name, "pod-status-logger")
}

func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out)
}

func checkScope(t *testing.T, path string) {
	receiver := otlptest.New(t, otlptest.Options{})
	command(t, "", path, "demo", "--pace=0s", "--stdout=false", "--otlp-endpoint", receiver.URL())
	for _, request := range receiver.Requests() {
		for _, logs := range request.Logs {
			if have := logs.GetScopeLogs()[0].GetScope().GetVersion(); have != tag {
				t.Fatalf("the version of the scope is %q, want %q", have, tag)
			}
		}
	}
	if len(receiver.Bodies()) == 0 {
		t.Fatal("there are no records")
	}
}

// checkMetrics checks the version in the metrics. An API server without pods will do.
func checkMetrics(t *testing.T, path string) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: "+
		"a}}], clusters: [{name: a, cluster: {server: %q}}]}", server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeport.Address(t)
	program.Start(t, program.Command{
		Path: path, Args: []string{"--kubeconfig", kubeconfig, "--listen", address, "--shutdown-timeout=1s"},
	}).AwaitOK(t, "http://"+address+"/livez")
	want := fmt.Sprintf("pod_status_logger_build_info{version=%q} 1\n", tag)
	if have, err := program.Get(t, "http://"+address+"/metrics"); err != nil || !strings.Contains(have, want) {
		t.Errorf("the metrics have no %s (%v)", want, err)
	}
}

// checkBill checks that the bill of materials lists each module of the program with its version.
func checkBill(t *testing.T, dist, path string) {
	var bill struct {
		Metadata struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version string }
	}
	b, err := os.ReadFile(filepath.Join(dist, filepath.Base(filepath.Dir(path))+".cdx.json"))
	if err == nil {
		err = json.Unmarshal(b, &bill)
	}
	if err != nil {
		t.Fatal(err)
	}
	if bill.Metadata.Component.Version != tag {
		t.Errorf("it is about version %q, want %q", bill.Metadata.Component.Version, tag)
	}
	versions := make(map[string]string)
	for _, c := range bill.Components {
		versions[c.Name] = c.Version
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range info.Deps {
		if versions[m.Path] != m.Version {
			t.Errorf("it has %q of %s, want %s", versions[m.Path], m.Path, m.Version)
		}
	}
	if versions["std"] == "" || len(info.Deps) == 0 {
		t.Error("it lacks the standard library, or the program any module")
	}
}

// checkAgain builds one platform again: in another folder, with an empty build cache, another
// umask and another time zone.
func checkAgain(t *testing.T, dist string) {
	again := checkoutOf(t, filepath.Join("some", "where else"))
	command(t, again, "env", "GOCACHE="+t.TempDir(), "TZ=Asia/Tokyo", "sh", "-c",
		"umask 077; make release PLATFORMS=linux/arm64")
	first := command(t, dist, "cat", "SHA256SUMS")
	for line := range strings.Lines(command(t, filepath.Join(again, "dist"), "cat", "SHA256SUMS")) {
		if !strings.Contains(first, line) {
			t.Errorf("the builds differ: first\n%s\nthen %s", first, line)
		}
	}
}
