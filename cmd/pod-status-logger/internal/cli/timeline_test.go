package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recordedDemo are the records of a run of the demo.
const recordedDemo = "../timeline/input/testdata/stdout.jsonl"

// run runs the program and returns its output and exit status.
func run(
	t *testing.T, stdin io.Reader, variables map[string]string, args ...string,
) (stdout, stderr string, status int) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	status = Run(t.Context(), args, Environment{
		Stdin: stdin, Stdout: files[0], Stderr: files[1],
		Lookup: func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
		SetUp:  func(*slog.Logger) func() { return func() {} },
	})
	read := func(f *os.File) string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return read(files[0]), read(files[1]), status
}

// replayed returns the records of a recorded watch.
func replayed(t *testing.T, path string) string {
	t.Helper()
	stdout, stderr, status := run(t, nil, nil, "replay", path, "--log-level=error")
	if status != ExitOK {
		t.Fatal(stderr)
	}
	return stdout
}

// golden compares a picture with the file of that name in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "timeline", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// utc makes pictures independent of the zone of the machine.
func utc(t *testing.T) {
	t.Helper()
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
}

// TestTimelineGoldens compares the pictures of the demo and of pods that a real node ran.
func TestTimelineGoldens(t *testing.T) {
	utc(t)
	recordings, err := filepath.Glob(root + "core/status/testdata/node/*.jsonl")
	if err != nil || len(recordings) < 20 {
		t.Fatalf("%d recordings: %v", len(recordings), err)
	}
	records := map[string]string{"demo": readDoc(t, "cmd/pod-status-logger/internal/cli/"+recordedDemo)}
	for _, path := range recordings {
		records["node-"+strings.TrimSuffix(filepath.Base(path), ".jsonl")] = replayed(t, path)
	}
	for name, lines := range records {
		widths := []int{120}
		if name == "demo" || name == "node-crash-loop" || name == "node-job-sidecar" {
			widths = []int{80, 120, 200}
		}
		for _, width := range widths {
			picture := timelineOf(t, lines, nil, "--width", strconv.Itoa(width))
			golden(t, name+"-"+strconv.Itoa(width), picture)
			for line := range strings.Lines(picture) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
					t.Errorf("%s: %d columns, want %d: %s", name, n, width, line)
				}
			}
		}
		if name == "demo" {
			plain := map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}
			golden(t, "demo-80-ascii", timelineOf(t, lines, plain, "--width=80"))
		}
	}
}

func timelineOf(t *testing.T, lines string, variables map[string]string, flags ...string) string {
	t.Helper()
	stdout, stderr, status := run(t, strings.NewReader(lines), variables, append([]string{"timeline"}, flags...)...)
	if status != ExitOK || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	return stdout
}

func TestTimelineASCII(t *testing.T) {
	lines := readDoc(t, "cmd/pod-status-logger/internal/cli/"+recordedDemo)
	picture := timelineOf(t, lines, map[string]string{"LANG": "C"})
	for _, c := range picture {
		if c > 126 {
			t.Fatalf("%q in a picture for a locale without UTF-8", c)
		}
	}
}

// TestTimelineErrors: mistakes have an exit status of 2, files without records one of 1.
func TestTimelineErrors(t *testing.T) {
	for name, c := range map[string]struct {
		stdin  string
		args   []string
		status int
		stderr string
	}{
		"no such file":         {"", []string{"nowhere.jsonl"}, ExitUsage, "open nowhere.jsonl: no such file"},
		"a bad time":           {"", []string{"--since", "noon"}, ExitUsage, `--since: "noon" is neither a time`},
		"a bad form":           {"", []string{"-o", "pdf"}, ExitUsage, "must be one of"},
		"no record":            {"hello\n", nil, ExitFailed, "there is no record in 1 lines"},
		"a watch":              {`{"type":"ADDED","object":{}}`, nil, ExitFailed, "replay FILE makes records of them"},
		"a pod that is no one": {"", []string{recordedDemo, "--pod", "nobody"}, ExitFailed, "no record of these pods"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, status := run(t, strings.NewReader(c.stdin), nil, append([]string{"timeline"}, c.args...)...)
			if status != c.status || !strings.Contains(stderr, c.stderr) {
				t.Errorf("exit status %d, want %d; %s", status, c.status, stderr)
			}
		})
	}
}

// TestTimelineDamage: damaged lines are counted, and the rest is drawn.
func TestTimelineDamage(t *testing.T) {
	lines := readDoc(t, "cmd/pod-status-logger/internal/cli/"+recordedDemo)
	stdout, stderr, status := run(t, strings.NewReader(lines[:len(lines)-50]), nil, "timeline")
	if status != ExitOK || !strings.Contains(stdout, "checkout 1.9.0") ||
		!strings.Contains(stderr, "skipped 1 damaged line; stdin:44: ") {
		t.Errorf("exit status %d: %s\n%s", status, stderr, stdout)
	}
}

// TestTimelinePage: docs/timeline.md has the picture of the demo.
func TestTimelinePage(t *testing.T) {
	utc(t)
	picture := timelineOf(t, readDoc(t, "cmd/pod-status-logger/internal/cli/"+recordedDemo), nil, "--width=100")
	generated(t, "docs/timeline.md", "picture", "```text\n"+picture+"```\n")
}

// TestTimelineTime: a picture of 10,000 records takes less than a second of an idle machine. The bound of processor
// time is three times that, as caches are shared with other tests.
func TestTimelineTime(t *testing.T) {
	lines := readDoc(t, "cmd/pod-status-logger/internal/cli/"+recordedDemo)
	count := strings.Count(lines, "\n")
	var b strings.Builder
	for i := 0; i*count < 10_000; i++ {
		// Each copy has pods and records of its own.
		b.WriteString(strings.NewReplacer(
			`"record_id":"`, `"record_id":"`+fmt.Sprintf("%04x", i), `"pod":"`, `"pod":"p`+strconv.Itoa(i)+"-",
		).Replace(lines))
	}
	before := cpuTime(t)
	picture := timelineOf(t, b.String(), nil)
	took := cpuTime(t) - before
	t.Logf("%v of processor time for %d lines", took, strings.Count(picture, "\n"))
	if took > 3*time.Second {
		t.Errorf("a picture of 10,000 records took %v", took)
	}
}

// cpuTime returns the processor time of this process so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
