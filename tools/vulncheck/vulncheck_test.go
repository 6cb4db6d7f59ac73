package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseKeepsEachFindingOnce(t *testing.T) {
	const out = `{"config":{"scan_level":"package"}}
{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[{"module":"m","version":"v1.0.0"}]}}
{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[{"module":"m","version":"v1.0.0","package":"m/p"}]}}
{"finding":{"osv":"GO-2","trace":[{"module":"n","version":"v0.1.0"}]}}`
	findings, err := parse(strings.NewReader(out))
	if err != nil || len(findings) != 2 {
		t.Fatalf("%v, %v", findings, err)
	}
	if got := findings[1].String(); got != "GO-2 in n v0.1.0 (no fixed version)" {
		t.Error(got)
	}
	if _, err := parse(strings.NewReader(`{"finding":`)); err == nil {
		t.Error("cut output is no error")
	}
}

func TestExceptions(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "tools/vulncheck/exceptions.txt")
	write(t, path, "# comment\n\na GO-1 reason\n* GO-2 another reason\nb * all of it\n")
	all, err := readExceptions(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		module, id string
		want       bool
	}{
		{"a", "GO-1", true}, {"a", "GO-3", false}, {"c", "GO-2", true}, {"b", "GO-9", true}, {"c", "GO-1", false},
	} {
		if got := all.has(c.module, finding{id: c.id}); got != c.want {
			t.Errorf("%s %s: excepted %t, want %t", c.module, c.id, got, c.want)
		}
	}
	if err := all.unused([]string{"a", "b"}); err != nil {
		t.Error(err)
	}
	write(t, path, "a GO-1 reason\n")
	if all, err = readExceptions(root); err != nil || all.unused([]string{"a"}) == nil {
		t.Errorf("an exception that matches nothing is no error (%v)", err)
	}
	write(t, path, "a GO-1\n")
	if _, err := readExceptions(root); err == nil {
		t.Error("an exception without a reason is no error")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
