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

func is(key string, value any) func(object) bool {
	return func(o object) bool { return o[key] == value }
}

func allOf(conditions ...func(object) bool) func(object) bool {
	return func(o object) bool {
		return !slices.ContainsFunc(conditions, func(holds func(object) bool) bool { return !holds(o) })
	}
}

func number(key string, holds func(n float64) bool) func(object) bool {
	return func(o object) bool { n, ok := o[key].(float64); return ok && holds(n) }
}

func positive(n float64) bool { return n > 0 }

func anyRecord(object) bool { return true }

// answers says of each query of the page which records of the demo it has to find.
var answers = map[string]func(object) bool{
	`pod = "checkout-6b8f9d7d5c-l9w3t"`:                                              is("pod", "checkout-6b8f9d7d5c-l9w3t"),
	`state = "terminated" and exit_code > 0`:                                         number("exit_code", positive),
	`level = "error" and bundle.id = "argocd/checkout" and bundle.version = "1.9.0"`: allOf(is("level", "error"), is("bundle.id", "argocd/checkout")),
	`reason = "OOMKilled"`:                                                           is("reason", "OOMKilled"),
	`reason = "Evicted" and action = "update"`:                                       allOf(is("reason", "Evicted"), is("action", "update")),
	`bundle.id = "helm/shop/cart"`:                                                   is("bundle.id", "helm/shop/cart"),
	`bundle.name = "cart" and bundle.version = "2.4.0"`:                              allOf(is("bundle.name", "cart"), is("bundle.version", "2.4.0")),
	`trace_id = "f055257ebf3d05d228f6c73dd6fa2e18"`:                                  allOf(is("bundle.name", "cart"), is("bundle.version", "2.4.0")),
	`bundle.name = "cart" and action = "delete"`:                                     allOf(is("bundle.name", "cart"), is("action", "delete")),
	`restart_count >= 1`:                                                             number("restart_count", positive),
	`exit_code >= 128 and exit_code < 160`:                                           is("exit_code", 137.),
	`exit_code = 137`:                                                                is("exit_code", 137.),
	`ready is false and state = "running"`:                                           allOf(is("ready", false), is("state", "running")),
	`initial is true`:                                                                is("initial", true),
	`pod-template-hash = "7c9d5b8f66"`:                                               is("pod-template-hash", "7c9d5b8f66"),
	`container_name = "pod-status-logger" and stream = "stdout" and level = "error"`: is("level", "error"),
	// In the table of what can't be asked, and in the text.
	`msg = "%pod shop/%"`:      is("namespace", "shop"),
	`msg =~ "pod shop\x2f"`:    is("namespace", "shop"),
	`* = "cart"`:               is("app.kubernetes.io/name", "cart"),
	`bundle.name = "cart"`:     is("app.kubernetes.io/name", "cart"),
	`bundle.version = "2.4.0"`: is("bundle.version", "2.4.0"),
	`reason =~ "^$"`:           is("reason", ""),
	`level != "error"`:         func(o object) bool { return o["level"] != "error" },
	`level = "error"`:          is("level", "error"),
	`state = "error"`:          is("state", "error"),
	`~component = "logger"`:    anyRecord,
	`msg =~ "pod shop/"`:       func(o object) bool { return strings.Contains(o["msg"].(string), "pod shop") },
	`state != "error"`:         func(o object) bool { return o["state"] != nil && o["state"] != "error" },
	`namespace = "shop"`:       nil, // finds nothing
	`reason = ""`:              nil,
}

// refusals are the queries of the page that loghouse or ClickHouse refuses, and a
// word of the reason.
var refusals = map[string]string{
	`app.kubernetes.io/name = "cart"`: "can't parse",
	`pod-template-hash = 7c9d5b8f66`:  "can't parse",
	`(state = "error")`:               "can't parse",
	`bundle.version = 2.4.0`:          "DB::Exception",
}

// TestPage does what docs/loghouse.md says, with the records of the demo: each
// query finds what it has to, and each statement prints what the page says.
func TestPage(t *testing.T) {
	c, r := startClickHouse(t), demo(t)
	c.store(r.rows(t, past()))
	t.Run("queries", func(t *testing.T) { testQueries(t, c, r) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, c) })
	t.Run("statements", func(t *testing.T) { testStatements(t, c) })
	t.Run("commands", testCommands)
}

func testQueries(t *testing.T, c *clickhouse, r run) {
	asked := pageQueries(t)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(answers)), asked); diff != "" {
		t.Errorf("the queries of the page are not those with an answer here (-here +page):\n%s", diff)
	}
	for query, holds := range answers {
		var want, got []string
		for _, line := range r.lines() {
			if holds != nil && holds(decode(t, line)) {
				want = append(want, decode(t, line)["msg"].(string))
			}
		}
		found, err := c.found(query)
		for _, f := range found {
			got = append(got, f.record(t)["msg"].(string))
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || (len(got) == 0) != (holds == nil) {
			t.Errorf("%s finds (-want +got): %v\n%s", query, err, diff)
		}
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
	c.t = t
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
		if diff := cmp.Diff(want, c.do(b.text, nil)); diff != "" {
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
