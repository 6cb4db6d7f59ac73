package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// TestOperationsPage runs the commands of docs/operations.md with a running program, and
// with its journal after the end. Those with kubectl need a kubelet.
func TestOperationsPage(t *testing.T) {
	for _, tool := range []string{"curl", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			need.Missing(t, tool, err)
		}
	}
	server := apiServer(t)
	server.Create(somePod("shop", "web"))
	k := newKeeper(t, server, otlptest.New(t, otlptest.Options{}), "--pprof")
	k.start()
	k.ready()
	t.Setenv("PPROF_TMPDIR", t.TempDir()) // the default is the home directory
	dir := filepath.Dir(k.dir)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := "#!/bin/bash\nexec -a pod-status-logger " + self + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "pod-status-logger"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer("localhost:9464", k.address, "seconds=30", "seconds=1", "--state-dir state",
		"--state-dir "+k.dir)
	prints := map[string]string{ // output by a part of the command
		"verbose": "readyz check passed", "grep": "pod_status_logger_ready 1", "heap": "flat%", "config check": "ok",
		"top cpu": "Duration", "journal stat": "emitted",
	}
	checked := map[string]bool{}
	do := func(command string) {
		out := shell(t, dir, here.Replace(command))
		for part, want := range prints {
			if strings.Contains(command, part) {
				checked[part] = true
				if !strings.Contains(out, want) {
					t.Errorf("%s prints\n%s\nwant %q in it", command, out, want)
				}
			}
		}
	}
	var afterwards []string
	for _, step := range stepsOf(t, "docs/operations.md") {
		if strings.Contains(step.Command, "journal stat") {
			afterwards = append(afterwards, step.Command)
			continue
		}
		do(step.Command)
	}
	k.stop()
	for _, command := range afterwards {
		do(command)
	}
	if len(checked) != len(prints) {
		t.Errorf("docs/operations.md has only commands with %v", checked)
	}
}

// TestLogMessages: the program logs the messages that docs/operations.md quotes.
func TestLogMessages(t *testing.T) {
	var code strings.Builder
	for _, folder := range []string{"core", "cmd"} {
		err := filepath.WalkDir(root+folder, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				code.WriteString(readFile(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, log, _ := strings.Cut(readDoc(t, "docs/operations.md"), "\n## The log\n")
	log, _, _ = strings.Cut(log, "\n## ")
	messages := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(log, -1)
	if len(messages) < 10 {
		t.Fatalf("docs/operations.md has %d messages, want more", len(messages))
	}
	// Messages of core/otlp contain the name of the signal's items; the page has those of records.
	logged := strings.NewReplacer(`" + items + "`, "records", `"+r.items+"`, "records", `"+r.item+"`,
		"record").Replace(code.String())
	for _, m := range messages {
		if !strings.Contains(logged, m[1]) {
			t.Errorf("docs/operations.md has the message %q, which is never logged", m[1])
		}
	}
}

// TestAnchors: the anchors in links of docs/operations.md are headings.
func TestAnchors(t *testing.T) {
	link := regexp.MustCompile(`\]\(([a-z]*(?:\.md)?)#([a-z0-9-]+)\)`)
	heading := regexp.MustCompile(`(?m)^#+ (.+)$`)
	for _, m := range link.FindAllStringSubmatch(readDoc(t, "docs/operations.md"), -1) {
		page := m[1]
		if page == "" {
			page = "operations.md"
		}
		found := false
		for _, h := range heading.FindAllStringSubmatch(readDoc(t, "docs/"+page), -1) {
			found = found || strings.ReplaceAll(strings.ToLower(h[1]), " ", "-") == m[2]
		}
		if !found {
			t.Errorf("docs/operations.md links to %s#%s, which is no heading", page, m[2])
		}
	}
}
