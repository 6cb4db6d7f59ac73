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

// TestMakeTargets: the make targets in README and CONTRIBUTING exist.
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

// TestChangelogDependencies: every direct dependency has its reason.
func TestChangelogDependencies(t *testing.T) {
	changelog := readDoc(t, "CHANGELOG.md")
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(readDoc(t, "go.mod"), -1)
	if len(direct) < 10 {
		t.Fatalf("go.mod has %d direct dependencies, want more", len(direct))
	}
	for _, m := range direct {
		name := regexp.MustCompile(`/v\d+$`).ReplaceAllString(m[1], "")
		if !strings.Contains(changelog, name[strings.LastIndexByte(name, '/')+1:]) {
			t.Errorf("CHANGELOG.md does not say why there is %s", m[1])
		}
	}
}
