//go:build node

package scenarios

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

var recordings = flag.String("recordings", "../../../core/status/testdata/node", "folder with recorded watch streams")

// TestRecordings holds what the program makes of recorded scenarios against the
// oracle. It needs no node.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(*recordings, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s: %v", *recordings, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(nodetest.LoggerProgram, "replay", file).Output()
			if err != nil {
				t.Fatal(nodetest.Explain(err))
			}
			want, got := map[string][]object{}, map[string][]object{}
			o := newOracle()
			for _, event := range decode(t, read(t, file)) {
				p := pod{at(event, "object")}
				records := o.records(change{Type: text(event, "type"), Pod: p.object})
				want[p.uid()] = append(want[p.uid()], records...)
			}
			for _, rec := range decode(t, out) {
				got[text(rec, "pod_uid")] = append(got[text(rec, "pod_uid")], rec)
			}
			for uid, records := range want {
				if diff := difference(records, got[uid]); diff != "" {
					t.Errorf("pod %s, records wanted (-) and emitted (+):\n%s", text(records[0], "pod"), diff)
				}
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode reads JSON lines.
func decode(t *testing.T, text []byte) (all []object) {
	t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, len(text)+1)
	for scanner.Scan() {
		var o object
		if err := json.Unmarshal(scanner.Bytes(), &o); err != nil {
			t.Fatalf("%v: %s", err, scanner.Text())
		}
		all = append(all, o)
	}
	return all
}
