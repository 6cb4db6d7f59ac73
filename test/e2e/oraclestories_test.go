package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStories checks that the oracle expects the records that the goldens of the program
// contain, for what happened to pods on a real node among others.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("../../core/status/testdata/*/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d stories: %v", len(files), err)
	}
	// No node and no cluster of these tests has devices, or a Kubernetes before 1.33.
	beyond := []string{"device", "gpu-unhealthy", "resize-field-1.32"}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		if slices.Contains(beyond, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			golden, err := os.ReadFile(strings.TrimSuffix(file, ".jsonl") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(golden)) {
				if strings.HasPrefix(line, "  ") {
					want = append(want, contents(parsed(t, line)))
				}
			}
			var got []string
			for _, rec := range inOrder(t, file) {
				got = append(got, contents(rec))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-golden +oracle):\n%s", diff)
			}
		})
	}
}

// inOrder returns the records that the oracle expects for a recording, in its order.
func inOrder(t *testing.T, file string) (records []object) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(nil)
	for line := range strings.Lines(string(b)) {
		var event struct {
			Type   string
			Object object
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		uid := text(event.Object, "metadata", "uid")
		n := len(o.expected[uid])
		o.event(change{
			Type: event.Type, ResourceVersion: text(event.Object, "metadata", "resourceVersion"), Pod: event.Object,
		}, false)
		records = append(records, o.expected[uid][n:]...)
	}
	return records
}

// contents returns the fields that the goldens contain.
func contents(rec object) string {
	fields := object{}
	for _, key := range []string{
		"action", "level", "state", "reason", "info", "container", "container_type", "image", "ready", "restart_count",
		"exit_code", "condition", "condition_status", "phase", "node", "resource_version",
	} {
		if rec[key] != nil && rec[key] != "" {
			fields[key] = rec[key]
		}
	}
	if info, ok := fields["info"].(string); ok {
		fields["info"] = strings.Join(strings.Fields(info), " ") // as the goldens have it
	}
	return canonical(fields)
}

// parsed returns the fields of a record in a golden.
func parsed(t *testing.T, line string) object {
	t.Helper()
	field := regexp.MustCompile(`(\S+?)=("(?:[^"\\]|\\.)*"|\S*)`)
	words := strings.Fields(line)
	rec := object{"action": words[0], "level": words[1]}
	if len(words) > 2 && !strings.Contains(words[2], "=") && words[2] != "initial" {
		rec["state"] = words[2]
	}
	for _, m := range field.FindAllStringSubmatch(line, -1) {
		key, value := m[1], m[2]
		switch key {
		case "reason", "info":
			unquoted, err := strconv.Unquote(value)
			if err != nil {
				t.Fatal(err)
			}
			rec[key] = unquoted
		case "container":
			rec["container_type"], rec["container"], _ = strings.Cut(value, "/")
		case "condition":
			i := strings.LastIndexByte(value, '/')
			rec["condition"], rec["condition_status"] = value[:i], value[i+1:]
		case "ready":
			rec[key] = value == "true"
		case "restarts", "exit":
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			rec[map[string]string{"restarts": "restart_count", "exit": "exit_code"}[key]] = n
		case "rv":
			rec["resource_version"] = value
		case "image", "phase", "node":
			rec[key] = value
		}
	}
	return rec
}
