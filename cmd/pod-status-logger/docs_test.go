package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

var update = flag.Bool("update", false, "write the table of fields in docs/records.md anew")

const root = "../../"

func readDoc(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRecordsPage: the table in docs/records.md is that of the code.
func TestRecordsPage(t *testing.T) {
	const head, tail = "|---|---|---|---|---|\n", "| each label"
	page := readDoc(t, "docs/records.md")
	before, rest, ok := strings.Cut(page, head)
	have, after, ok2 := strings.Cut(rest, tail)
	if !ok || !ok2 {
		t.Fatal("docs/records.md has no table of fields")
	}
	var want strings.Builder
	for _, f := range record.Fields() {
		fmt.Fprintf(&want, "| %s | %s | %s | %s | %s |\n", code(f.Key), code(f.OTLP),
			map[record.Place]string{record.Own: "record", record.Resource: "resource", record.Attribute: "attribute"}[f.Place], f.Type, f.Present)
	}
	if have == want.String() {
		return
	}
	if !*update {
		t.Fatal("the table in docs/records.md is not that of the code; go test ./cmd/... -run RecordsPage -update writes it")
	}
	if err := os.WriteFile(root+"docs/records.md", []byte(before+head+want.String()+tail+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCollectorFields: otel-collector.yaml makes of every key on stdout what it is
// over OTLP, and takes none of them for a label.
func TestCollectorFields(t *testing.T) {
	config := readDoc(t, "otel-collector.yaml")
	_, keys, _ := strings.Cut(config, `"^(label[.])?((?:label[.])*(?:`)
	keys, _, _ = strings.Cut(keys, "|(?:")
	var want []string
	for _, f := range record.Fields() {
		if f.Key == "" {
			continue
		}
		want = append(want, f.Key)
		statement := fmt.Sprintf("set(log.attributes[%q], log.body[%q])", f.OTLP, f.Key)
		if f.Place != record.Own && !strings.Contains(config, statement) {
			t.Errorf("otel-collector.yaml does not have %s", statement)
		}
		if f.Place == record.Resource && !regexp.MustCompile(`keys: \[.*\b`+regexp.QuoteMeta(f.OTLP)+`\b`).MatchString(config) {
			t.Errorf("otel-collector.yaml does not group by %s", f.OTLP)
		}
	}
	if keys != strings.Join(want, "|") {
		t.Errorf("otel-collector.yaml has the keys\n%s\nand the table of fields\n%s", keys, strings.Join(want, "|"))
	}
}

func code(s string) string {
	if s == "" {
		return "–"
	}
	return "`" + s + "`"
}

// TestConfigurationPage: every key of the file, flag and metric is on the page.
func TestConfigurationPage(t *testing.T) {
	page := readDoc(t, "docs/configuration.md")
	for _, key := range keysOf(reflect.TypeFor[Config](), "") {
		if !strings.Contains(page, "`"+key+"`") {
			t.Errorf("docs/configuration.md does not have the key %s", key)
		}
	}
	commands(newCommand(environment{}), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(page, "--"+f.Name) && f.Name != "help" {
				t.Errorf("docs/configuration.md does not have the flag --%s", f.Name)
			}
		})
	})
	metrics := telemetry.NewMetrics("test")
	metrics.WatchJournal(func() journal.Stats { return journal.Stats{} })
	metrics.WatchPods(func() int { return 0 })
	metrics.WatchStream("", func() time.Duration { return 0 })
	metrics.WatchPlugin("p", func() pluginhost.Stats { return pluginhost.Stats{} })
	metrics.OwnerLookups.WithLabelValues("x")
	metrics.WatchGaps.WithLabelValues("x")
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if name := f.GetName(); strings.HasPrefix(name, "pod_status_logger_") && !strings.Contains(page, "`"+name) {
			t.Errorf("docs/configuration.md does not have the metric %s", name)
		}
	}
}

func keysOf(t reflect.Type, parent string) (keys []string) {
	for f := range t.Fields() {
		name := f.Tag.Get("json")
		if name == "" {
			continue
		}
		if f.Type.Kind() == reflect.Struct && strings.HasSuffix(f.Type.Name(), "Config") {
			keys = append(keys, keysOf(f.Type, parent+name+".")...)
			continue
		}
		keys = append(keys, parent+name)
	}
	return keys
}

func commands(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		commands(sub, visit)
	}
}

// TestMakeTargets: what README and CONTRIBUTING tell people to make can be made.
func TestMakeTargets(t *testing.T) {
	makefile := readDoc(t, "Makefile")
	for _, page := range []string{"README.md", "CONTRIBUTING.md"} {
		targets := regexp.MustCompile("(?:\\$ |`)make ([a-z0-9-]+)").FindAllStringSubmatch(readDoc(t, page), -1)
		if len(targets) == 0 {
			t.Errorf("%s has no make target", page)
		}
		for _, m := range targets {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: there is no target %s", page, m[1])
			}
		}
	}
}

// TestReadmeFlags: the commands of the README are understood.
func TestReadmeFlags(t *testing.T) {
	lines := regexp.MustCompile(`(?m)bin/pod-status-logger ([^#\n]*)`).FindAllStringSubmatch(readDoc(t, "README.md"), -1)
	if len(lines) < 3 {
		t.Fatalf("README.md has %d commands, want some", len(lines))
	}
	for _, m := range lines {
		args := strings.Fields(m[1])
		cmd, rest, err := newCommand(environment{}).Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil {
			t.Errorf("README.md: pod-status-logger %s: %v", m[1], err)
		}
	}
}

// TestChangelogDependencies: every direct dependency has its reason.
func TestChangelogDependencies(t *testing.T) {
	changelog := readDoc(t, "CHANGELOG.md")
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(readDoc(t, "go.mod"), -1)
	if len(direct) < 10 {
		t.Fatalf("go.mod has %d direct dependencies, want more", len(direct))
	}
	for _, m := range direct {
		name := regexp.MustCompile(`/v\d+$`).ReplaceAllString(m[1], "")
		if !strings.Contains(changelog, name[strings.LastIndexByte(name, '/')+1:]) {
			t.Errorf("CHANGELOG.md does not say why there is %s", m[1])
		}
	}
}

// TestLinks: what the pages link to in the repository is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	pages, err := filepath.Glob(root + "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range pages {
		pages[i] = strings.TrimPrefix(pages[i], root)
	}
	for _, page := range append(pages, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "plugins/examples/python/README.md") {
		for _, m := range link.FindAllStringSubmatch(readDoc(t, page), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
