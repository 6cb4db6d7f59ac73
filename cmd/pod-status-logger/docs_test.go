package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const root = "../../"

func readDoc(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMakeTargets checks that the make targets in README and CONTRIBUTING exist.
func TestMakeTargets(t *testing.T) {
	makefile := readDoc(t, "Makefile")
	for _, page := range []string{"README.md", "CONTRIBUTING.md"} {
		targets := regexp.MustCompile("(?:\\$ |`)make ([a-z0-9-]+)").FindAllStringSubmatch(readDoc(t, page), -1)
		if len(targets) == 0 {
			t.Errorf("%s has no make target", page)
		}
		for _, m := range targets {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: there is no target %s", page, m[1])
			}
		}
	}
}

// TestSupportedVersions checks that the versions of Kubernetes and Go on the pages are those of the
// chart, of the control plane under test and of go.mod.
func TestSupportedVersions(t *testing.T) {
	version := func(file, pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(readDoc(t, file))
		if m == nil {
			t.Fatalf("%s has no version like %s", file, pattern)
		}
		return m[1]
	}
	oldest := version("deploy/helm/pod-status-logger/Chart.yaml", `kubeVersion: ">=(1\.\d+)`)
	tested := version("test/cluster/go.mod", `k8s.io/kubernetes v(1\.\d+)`)
	builtWith := version("go.mod", `(?m)^go (1\.\d+)`)
	for _, c := range []struct{ page, pattern, want string }{
		{"README.md", `Kubernetes\s+(1\.\d+)\s+and\s+newer`, oldest},
		{"README.md", `tests run on (1\.\d+)`, tested},
		{"docs/kubernetes.md", `Kubernetes (1\.\d+) or newer`, oldest},
		{"README.md", `Go (1\.\d+)`, builtWith},
		{"CONTRIBUTING.md", `Go (1\.\d+)`, builtWith},
		{"docs/quickstart.md", `Go (1\.\d+)`, builtWith},
		{"docs/plugins.md", `Go (1\.\d+)`, builtWith},
	} {
		if have := version(c.page, c.pattern); have != c.want {
			t.Errorf("%s: %s has version %s, want %s", c.page, c.pattern, have, c.want)
		}
	}
}

// TestDependenciesHaveReasons checks that a comment above each group of direct dependencies in
// go.mod gives the reason for them.
func TestDependenciesHaveReasons(t *testing.T) {
	reason, direct := false, 0
	before := ""
	for line := range strings.Lines(readDoc(t, "go.mod")) {
		if strings.HasPrefix(line, "require ") {
			reason = strings.HasPrefix(before, "// ")
		}
		if m := regexp.MustCompile(`^(?:require |\t)(\S+) v\S+\n$`).FindStringSubmatch(line); m != nil {
			direct++
			if !reason {
				t.Errorf("go.mod: no comment above %s gives the reason for it", m[1])
			}
		}
		before = line
	}
	if direct < 10 {
		t.Errorf("go.mod has %d direct dependencies, want more", direct)
	}
}
