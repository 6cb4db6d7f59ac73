package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
)

// entry is a line of the transcript.
type entry struct{ Action, Level, Pod, State, Reason, Info string }

var transcriptLine = regexp.MustCompile(
	`^\S+ \S+ action: (\w+) (?:info: (.*?) ?)?level: (\w+) pod: (\S+)(?: reason: ?(\w*) state: (\w+))?$`)

// TestSeed replays a recorded lifecycle, and compares its records with a transcript of the
// predecessor of this program.
func TestSeed(t *testing.T) {
	transcript, err := os.ReadFile("testdata/seed-transcript.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want []entry
	for line := range strings.Lines(string(transcript)) {
		m := transcriptLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("not understood: %s", line)
		}
		want = append(want, entry{Action: m[1], Info: m[2], Level: m[3], Pod: m[4], Reason: m[5], State: m[6]})
	}
	want[1].State = "waiting" // the predecessor had none without a container status

	lines, stderr, status := start(t, nil, "replay", "testdata/seed.jsonl").wait()
	if status != cli.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	var got []entry
	for line := range strings.Lines(lines) {
		var r entry
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-transcript +got):\n%s", diff)
	}
}
