package compose

import (
	"regexp"
	"strings"
	"testing"
)

// otherwise are the commands of docs/docker.md that are run in another way.
var otherwise = map[string]string{
	"(umask 077 && kubectl config view --raw --minify --flatten > kubeconfig)": "the page says so",
	"setfacl -m u:65532:r kubeconfig":                                          "the page says so",
	"PODSTATUS_KUBECONFIG=./kubeconfig docker compose up -d --wait":            "testCluster does, with a file of its own",
	"make build": "make compose-test begins with it",
	"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 bin/pod-status-logger": "testCluster does, with a kubeconfig",
}

var queryRow = regexp.MustCompile("(?m)^\\| `([^`]*:=.*)` \\|")

// testQueries: what pages ask the store is answered.
func testQueries(t *testing.T) {
	for _, page := range []string{"docs/docker.md", "docs/quickstart.md"} {
		rows := queryRow.FindAllStringSubmatch(readFile(t, root+page), -1)
		if len(rows) < 4 {
			t.Fatalf("%s has %d queries, want more", page, len(rows))
		}
		for _, row := range rows {
			if query := strings.ReplaceAll(row[1], `\|`, "|"); ask(t, query) == "" {
				t.Errorf("%s: %s finds nothing", page, query)
			}
		}
	}
}

// checkDocs sees that the commands of docs/docker.md were run.
func checkDocs(t *testing.T, d *docker) {
	t.Helper()
	if t.Failed() {
		return // some were not, and it is clear why
	}
	n := 0
	for line := range strings.Lines(readFile(t, root+"docs/docker.md")) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		n++
		command, _, _ = strings.Cut(command, "#")
		command = strings.ReplaceAll(strings.TrimSpace(command), "IMAGE", image)
		if !d.ran[command] && otherwise[command] == "" {
			t.Errorf("docs/docker.md: nobody ran %q", command)
		}
	}
	if n < 8 {
		t.Errorf("docs/docker.md has %d commands, want more", n)
	}
}
