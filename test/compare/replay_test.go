package compare

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReplay has two builds replay the same recording, in both formats.
func TestReplay(t *testing.T) {
	if *baseBuild == "" {
		t.Skip("no -base: make compare BASE=main builds both programs")
	}
	recording := recordingOf(t, *pods/2)
	for _, format := range []string{"json", "pretty"} {
		base, tree := replay(t, *baseBuild, format, recording), replay(t, *treeBuild, format, recording)
		t.Logf("%s: %d lines", format, len(tree))
		if len(base) < *pods {
			t.Errorf("%s: only %d lines", format, len(base))
		}
		if !slices.Equal(base, tree) {
			t.Errorf("%s differs: %s", format, firstDifference(base, tree))
		}
	}
}

// clock is what both formats have of the time of receipt.
var clock = regexp.MustCompile(`^(\{"time":"[^"]*"|\d\d:\d\d:\d\d(\.\d+)?)`)

func replay(t *testing.T, build, format, recording string) (lines []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), build, "replay", "--output", format, recording)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("replay: %v\n%s", err, stderr.String())
	}
	for line := range strings.Lines(string(out)) {
		lines = append(lines, clock.ReplaceAllString(line, "TIME"))
	}
	return lines
}

func firstDifference(base, tree []string) string {
	for i := range min(len(base), len(tree)) {
		if base[i] != tree[i] {
			return fmt.Sprintf("line %d is\n%swas\n%s", i+1, tree[i], base[i])
		}
	}
	return fmt.Sprintf("%d lines, were %d", len(tree), len(base))
}

// recordingOf returns a file with the watch events of so many pod lives.
func recordingOf(t *testing.T, pods int) string {
	t.Helper()
	server := newServer(t)
	w := newWorld(server, *seed)
	from := server.ResourceVersion()
	w.populate(pods / 4)
	w.step(pods*10, pods)
	last := w.mark()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		server.URL()+"/api/v1/pods?watch=true&resourceVersion="+from, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	path := filepath.Join(t.TempDir(), "recording.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(line); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, `{"type":"DELETED"`) && strings.Contains(line, last) {
			return path
		}
	}
}
