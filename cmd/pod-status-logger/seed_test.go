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

// told is what a line of the transcript says.
type told struct{ Action, Level, Pod, State, Reason, Info string }

var transcriptLine = regexp.MustCompile(
	`^\S+ \S+ action: (\w+) (?:info: (.*?) ?)?level: (\w+) pod: (\S+)(?: reason: ?(\w*) state: (\w+))?$`)

// TestSeed replays the lifecycle whose transcript the project began with, and
// compares with that transcript, line by line.
func TestSeed(t *testing.T) {
	transcript, err := os.ReadFile("testdata/seed-transcript.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want []told
	for line := range strings.Lines(string(transcript)) {
		m := transcriptLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("not understood: %s", line)
		}
		want = append(want, told{Action: m[1], Info: m[2], Level: m[3], Pod: m[4], Reason: m[5], State: m[6]})
	}
	want[1].State = "waiting" // the ancestor said nothing while there was no container status

	lines, stderr, status := start(t, nil, "replay", "testdata/seed.jsonl").wait()
	if status != cli.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	var got []told
	for line := range strings.Lines(lines) {
		var r told
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-transcript +got):\n%s", diff)
	}
}
