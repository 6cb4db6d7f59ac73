//go:build node

package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// record writes the watch stream of each scenario, one event a line, as "kubectl get
// pods --watch --output-watch-events --output json" prints it.
func (r *rehearsal) record(t *testing.T, dir string) {
	t.Helper()
	for name := range r.ends {
		var stream bytes.Buffer
		for _, c := range r.history.of(name, "*", 0) {
			event, err := json.Marshal(object{"type": c.Type, "object": c.Pod})
			if err != nil {
				t.Fatal(err)
			}
			// Where the node's data was is no part of the story.
			stream.WriteString(strings.ReplaceAll(string(event), r.Dir, "/node") + "\n")
		}
		if err := os.WriteFile(filepath.Join(dir, name+".jsonl"), stream.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
