//go:build loghouse

package loghouse

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "../../docs/loghouse.md"

// block is a fenced block of the page.
type block struct{ language, title, text string }

var fence = regexp.MustCompile("(?ms)^```([a-z]+)(?: title=\"([^\"]+)\")?\n(.*?)^```$")

func pageText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func blocks(t *testing.T) (all []block) {
	t.Helper()
	for _, m := range fence.FindAllStringSubmatch(pageText(t), -1) {
		all = append(all, block{m[1], m[2], m[3]})
	}
	if got := 2 * len(all); got != strings.Count("\n"+pageText(t), "\n```") {
		t.Fatalf("docs/loghouse.md has blocks that begin in another way")
	}
	return all
}

func pageSQL(t *testing.T, title string) string {
	t.Helper()
	for _, b := range blocks(t) {
		if b.language == "sql" && b.title == title {
			return b.text
		}
	}
	t.Fatalf("docs/loghouse.md has no statement %q", title)
	return ""
}

// TestPage does what docs/loghouse.md says, with the records of the demo: each
// query finds what it has to, and each statement prints what the page says.
func TestPage(t *testing.T) {
	c, r := startClickHouse(t), demo(t)
	c.store(t, r.rows(t, past()))
	t.Run("queries", func(t *testing.T) { testQueries(t, c, r) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, c) })
	t.Run("statements", func(t *testing.T) { testStatements(t, c) })
	t.Run("commands", testCommands)
}

func testQueries(t *testing.T, c *clickhouse, r run) {
	want := slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(answers)), findNothing...)))
	if diff := cmp.Diff(want, pageQueries(t)); diff != "" {
		t.Errorf("the queries of the page are not those with an answer here (-here +page):\n%s", diff)
	}
	for query, holds := range answers {
		var want []string
		for _, line := range r.lines() {
			if o := decode(t, line); holds(o) {
				want = append(want, o["msg"].(string))
			}
		}
		if len(want) == 0 {
			t.Errorf("%s: no record of the demo can show that it works", query)
		}
		testAnswer(t, c, query, want)
	}
	for _, query := range findNothing {
		testAnswer(t, c, query, nil)
	}
}

// testAnswer compares what a query finds, in any order.
func testAnswer(t *testing.T, c *clickhouse, query string, want []string) {
	t.Helper()
	found, err := c.found(query)
	var got []string
	for _, f := range found {
		got = append(got, f.record(t)["msg"].(string))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s finds (-want +got): %v\n%s", query, err, diff)
	}
}

// pageQueries are those in blocks, and in the text all that has an operator and is
// not among the refusals.
func pageQueries(t *testing.T) (queries []string) {
	t.Helper()
	for _, b := range blocks(t) {
		if b.language == "loghouse" {
			queries = append(queries, strings.Split(strings.TrimSpace(b.text), "\n")...)
		}
	}
	prose := fence.ReplaceAllString(pageText(t), "")
	for _, m := range regexp.MustCompile("`([^`\n]+ !?=~? [^`\n]+)`").FindAllStringSubmatch(prose, -1) {
		if _, refused := refusals[m[1]]; !refused && !slices.Contains(queries, m[1]) {
			queries = append(queries, m[1])
		}
	}
	slices.Sort(queries)
	return slices.Compact(queries)
}

func testRefusals(t *testing.T, c *clickhouse) {
	text := pageText(t)
	for query, reason := range refusals {
		if _, err := c.found(query); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: got %v, want an error with %q", query, err, reason)
		}
		if !strings.Contains(text, "| `"+query+"` |") {
			t.Errorf("docs/loghouse.md does not say that %s is refused", query)
		}
	}
}

// testStatements: a statement prints the block behind it, or else nothing.
func testStatements(t *testing.T, c *clickhouse) {
	all, ran := blocks(t), 0
	for i, b := range all {
		if b.language != "sql" {
			continue
		}
		ran++
		want := ""
		if i+1 < len(all) && all[i+1].language == "text" {
			want = all[i+1].text
		}
		if diff := cmp.Diff(want, c.do(t, b.text, nil)); diff != "" {
			t.Errorf("the statement %q prints (-want +got):\n%s", b.title, diff)
		}
	}
	if ran < 5 {
		t.Errorf("docs/loghouse.md has %d statements, want those about crashes, shadows, holes, doubles and order", ran)
	}
}

// testCommands runs the commands of the page in an empty folder, with the files
// that it shows.
func testCommands(t *testing.T) {
	bin, err := filepath.Abs(filepath.Dir(program))
	if err != nil {
		t.Fatal(err)
	}
	dir, ran := t.TempDir(), 0
	for _, b := range blocks(t) {
		if b.language == "yaml" {
			if err := os.WriteFile(filepath.Join(dir, b.title), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if b.language != "console" {
			continue
		}
		for line := range strings.Lines(b.text) {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				t.Fatalf("this is no command: %s", line)
			}
			cmd := exec.Command("bash", "-euo", "pipefail", "-c", command)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s%v\n%s", line, err, out)
			}
			if strings.HasPrefix(command, "head") && !strings.HasPrefix(string(out), `{"time":"`) {
				t.Errorf("%sprints %s", line, out)
			}
			ran++
		}
	}
	if ran < 3 {
		t.Errorf("docs/loghouse.md has %d commands, want 3", ran)
	}
}
