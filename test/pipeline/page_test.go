//go:build e2e

package pipeline

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestPage does what docs/collector.md says, in one shell and in a folder that looks
// like a clone: the commands work, and print what the page says.
func TestPage(t *testing.T) {
	page := read(t, root+"docs/collector.md")
	dir, files, temporary := t.TempDir(), t.TempDir(), t.TempDir()
	for _, name := range []string{"bin", "test", "otel-collector.yaml"} {
		target, err := filepath.Abs(root + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range regexp.MustCompile("(?s)`([a-z]+\\.yaml)`:\n\n```yaml\n(.*?)```").FindAllStringSubmatch(page, -1) {
		write(t, filepath.Join(files, m[1]), []byte(m[2]))
	}
	output := filepath.Join(files, "output.log")
	script, want := script(t, page, output)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+temporary, "FILES="+files)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s\n%s", err, out, last(stderr.String()), last(read(t, output)))
	}
	if strings.TrimSpace(string(out)) != strings.TrimSpace(want) {
		t.Errorf("the page says\n%s\nand its commands print\n%s", want, out)
	}
	for folder, want := range map[string]int{dir: 3, temporary: 0} {
		if left, err := os.ReadDir(folder); err != nil || len(left) != want {
			t.Errorf("the page leaves %v behind, %v", left, err)
		}
	}
}

// script returns the commands of the page, with ports of this test's own and what
// they say besides in the file output, and what they have to print.
func script(t *testing.T, page, output string) (script, want string) {
	t.Helper()
	_, store, _ := strings.Cut(freeAddress(t), ":")
	_, grpc, _ := strings.Cut(freeAddress(t), ":")
	_, metrics, _ := strings.Cut(freeAddress(t), ":")
	ports := strings.NewReplacer(":9428", ":"+store, ":4317", ":"+grpc, ":8888", ":"+metrics)
	lines := []string{
		"set -euo pipefail",
		// The page says that records are there some seconds later.
		`soon() { for _ in {1..150}; do out=$(eval "$2"); [[ $out == "${1%$'\n'}" ]] && break; sleep .2; done; echo "$out"; }`,
		"trap 'kill -9 $(jobs -p) 2> /dev/null || true; wait' EXIT",
		"export PODSTATUS_LOGS_ENDPOINT=http://localhost:" + store + "/insert/opentelemetry PODSTATUS_OTLP_GRPC=localhost:" + grpc,
		"export PODSTATUS_OTLP_HTTP=" + freeAddress(t) + " PODSTATUS_HEALTH=" + freeAddress(t) + " PODSTATUS_METRICS_PORT=" + metrics,
	}
	tasks := regexp.MustCompile("(?m)^\\$ (.*)\n((?:[{o].*\n)*)").FindAllStringSubmatch(page, -1)
	var wants []string
	for _, task := range tasks {
		command := ports.Replace(task[1])
		wants = append(wants, task[2])
		switch {
		case strings.HasPrefix(command, "make "): // has run before this test
		case task[2] != "":
			lines = append(lines, "soon "+quoted(task[2])+" "+quoted(command))
		case strings.HasSuffix(command, "&"):
			lines = append(lines, strings.TrimSuffix(command, "&")+">> "+output+" 2>&1 &")
		case strings.HasPrefix(command, "cd \"$try\""):
			lines = append(lines, command, `cp "$FILES"/*.yaml .`)
		case strings.HasPrefix(command, "collector()"), strings.Contains(command, "=$"): // not with a redirection of its own
			lines = append(lines, command)
		default:
			lines = append(lines, command+" 2>> "+output)
		}
	}
	want = strings.Join(wants, "")
	if len(tasks) < 15 || strings.Count(want, "\n") < 3 {
		t.Fatalf("docs/collector.md has %d commands, which have to print %q", len(tasks), want)
	}
	return strings.Join(lines, "\n"), want
}

// quoted is a word of the shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
