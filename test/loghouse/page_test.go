//go:build loghouse

package loghouse

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
)

const page = "../../docs/loghouse.md"

func pageText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func pageSQL(t *testing.T, title string) string {
	t.Helper()
	for _, b := range docblocks.Read(t, page) {
		if b.Language == "sql" && b.Title == title {
			return b.Text
		}
	}
	t.Fatalf("docs/loghouse.md has no statement %q", title)
	return ""
}

// TestPage follows docs/loghouse.md with the records of the demo: each query finds the expected
// records, and each statement prints the output of the page.
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

var blocks = regexp.MustCompile("(?ms)^```.*?^```$")

// pageQueries returns the queries in blocks, and all code in the text that has an operator and
// is not among the refusals.
func pageQueries(t *testing.T) (queries []string) {
	t.Helper()
	for _, b := range docblocks.Read(t, page) {
		if b.Language == "loghouse" {
			queries = append(queries, strings.Split(strings.TrimSpace(b.Text), "\n")...)
		}
	}
	prose := blocks.ReplaceAllString(pageText(t), "")
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

// testStatements checks that a statement prints the block after it, otherwise nothing.
func testStatements(t *testing.T, c *clickhouse) {
	all, ran := docblocks.Read(t, page), 0
	for i, b := range all {
		if b.Language != "sql" {
			continue
		}
		ran++
		want := ""
		if i+1 < len(all) && all[i+1].Language == "text" {
			want = all[i+1].Text
		}
		if diff := cmp.Diff(want, c.do(t, b.Text, nil)); diff != "" {
			t.Errorf("the statement %q prints (-want +got):\n%s", b.Title, diff)
		}
	}
	if ran < 5 {
		t.Errorf("docs/loghouse.md has %d statements, want those about crashes, shadows, holes, doubles and order", ran)
	}
}

// testCommands runs the commands of the page in an empty folder, with the files of the page.
func testCommands(t *testing.T) {
	bin, err := filepath.Abs(filepath.Dir(loggerProgram))
	if err != nil {
		t.Fatal(err)
	}
	shell := docblocks.Shell{
		Dir: t.TempDir(), Env: []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()},
	}
	steps := slices.DeleteFunc(docblocks.Steps(t, docblocks.Read(t, page)), func(s docblocks.Step) bool {
		return s.File != "" && s.Block.Language != "yaml" // a statement with a title
	})
	commands := 0
	for i, output := range shell.Run(t, steps) {
		if steps[i].File != "" {
			continue
		}
		commands++
		if strings.HasPrefix(steps[i].Command, "head") && !strings.HasPrefix(output.Stdout, `{"time":"`) {
			t.Errorf("%s prints %s", steps[i], output.Stdout)
		}
	}
	if commands < 3 {
		t.Errorf("docs/loghouse.md has %d commands, want 3", commands)
	}
}
