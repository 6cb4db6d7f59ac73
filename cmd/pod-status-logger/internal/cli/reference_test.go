package cli

import (
	"cmp"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

var update = flag.Bool("update", false, "write what is generated in docs anew")

// generated compares the text between two comments of a page with the one generated from
// the code, or writes it.
func generated(t *testing.T, page, what, want string) {
	t.Helper()
	begin, end := "<!-- generated: "+what+"; `make docs` writes it -->\n", "<!-- end -->\n"
	text := readDoc(t, page)
	before, rest, ok := strings.Cut(text, begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %sand %s", page, begin, end)
	}
	if want = "\n" + want + "\n"; have == want {
		return
	}
	if !*update {
		t.Fatalf("%s: the %s are not those of the code; make docs writes them", page, what)
	}
	write(t, page, before+begin+want+end+after)
}

func write(t *testing.T, page, text string) {
	t.Helper()
	if err := os.WriteFile(root+page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// table returns a table in Markdown.
func table(head string, rows [][]string) string {
	columns := strings.Count(head, "|") - 1
	var b strings.Builder
	b.WriteString(head + "\n|" + strings.Repeat("---|", columns) + "\n")
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// TestConfigurationPage: docs/configuration.md has the keys, flags and metrics of the code.
// The usage of a flag explains its key; a key without a flag has a comment.
func TestConfigurationPage(t *testing.T) {
	options := optionFlags()
	comments := commentsOf(t, "Config")
	var rows [][]string
	shown := map[string]bool{}
	for _, k := range keysOf(reflect.ValueOf(&options.config.Config).Elem(), "") {
		f := options.flagOf(k)
		if f == nil {
			rows = append(rows, []string{code(k.name), "", "", "", explanation(comments[k.field])})
			continue
		}
		shown[f.Name] = true
		rows = append(rows, append([]string{code(k.name)}, describe(f)...))
	}
	generated(t, "docs/configuration.md", "keys", table("| key | flag | environment variable | default | |", rows))
	generated(t, "docs/configuration.md", "flags",
		table("| flag | of | environment variable | default | |", otherFlags(shown)))
	generated(t, "docs/configuration.md", "metrics", table("| metric | meaning |", metricRows(t)))
}

// explanation returns the comment of a key as the usage of a flag would have it: without verb and full stop.
func explanation(comment string) string {
	for _, verb := range []string{"is the ", "are ", "is "} {
		if rest, ok := strings.CutPrefix(comment, verb); ok {
			comment = rest
			break
		}
	}
	return strings.TrimSuffix(comment, ".")
}

// describe returns the cells of a flag: names, variable, default, explanation.
func describe(f *pflag.Flag) []string {
	kind, usage := pflag.UnquoteUsage(f)
	name := code(strings.TrimSpace("--" + f.Name + " " + kind))
	if f.Shorthand != "" {
		name = code("-"+f.Shorthand) + ", " + name
	}
	usage, fallback, _ := strings.Cut(usage, "; default: ")
	if !slices.Contains([]string{"", "[]", "false"}, f.DefValue) && fallback == "" {
		fallback = code(f.DefValue)
	}
	return []string{name, code(config.EnvName(f.Name)), fallback, usage}
}

// options are the flags of the configuration, bound to one.
type options struct {
	config config.Options
	flags  *pflag.FlagSet
}

func optionFlags() *options {
	o := &options{config: config.DefaultOptions(), flags: pflag.NewFlagSet("", pflag.ContinueOnError)}
	config.BindAll(o.flags, &o.config)
	return o
}

// flagOf returns the flag of a key: the one with the address of its value, or with its
// name.
func (o *options) flagOf(k key) (found *pflag.Flag) {
	o.flags.VisitAll(func(f *pflag.Flag) {
		v := reflect.ValueOf(f.Value)
		if v.Elem().Kind() == reflect.Struct {
			v = v.Elem().Field(0) // choice and list point to their value
		}
		if v.Pointer() == k.address || f.Name == k.name {
			found = f
		}
	})
	return found
}

// key is a key of the configuration file.
type key struct {
	name, field string // such as watch.selector, and WatchConfig.Selector
	address     uintptr
}

func keysOf(v reflect.Value, parent string) (keys []key) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("json")
		if name == "" {
			continue
		}
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(v.Field(i), parent+name+".")...)
			continue
		}
		keys = append(keys, key{parent + name, v.Type().Name() + "." + f.Name, v.Field(i).Addr().Pointer()})
	}
	return keys
}

// otherFlags returns the flags without a key, with their commands.
func otherFlags(keys map[string]bool) (rows [][]string) {
	of := map[string][]string{}
	found := map[string]*pflag.Flag{}
	var names []string
	visit(newCommand(Environment{}), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if keys[f.Name] || f.Name == "help" || f.Name == "version" {
				return
			}
			if found[f.Name] == nil {
				found[f.Name] = f
				names = append(names, f.Name)
			}
			of[f.Name] = append(of[f.Name], pathOf(cmd))
		})
	})
	config := optionFlags().flags
	for _, name := range slices.Sorted(slices.Values(names)) {
		cells := describe(found[name])
		if config.Lookup(name) == nil {
			cells[1] = "" // it is no part of the configuration
		}
		who := slices.DeleteFunc(of[name], func(s string) bool { return s == "pod-status-logger" })
		rows = append(rows, slices.Concat(cells[:1], []string{strings.Join(who, ", ")}, cells[1:]))
	}
	return rows
}

func visit(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		visit(sub, do)
	}
}

// commentsOf returns the comments of the fields of Config and its parts.
func commentsOf(t *testing.T, suffix string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../config/config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		typ, ok := n.(*ast.TypeSpec)
		if !ok || !strings.HasSuffix(typ.Name.Name, suffix) {
			return true
		}
		for _, f := range typ.Type.(*ast.StructType).Fields.List {
			for _, name := range f.Names {
				comment := strings.Join(strings.Fields(f.Doc.Text()), " ")
				comments[typ.Name.Name+"."+name.Name] = strings.TrimPrefix(comment, name.Name+" ")
			}
		}
		return true
	})
	return comments
}

// metricRows returns all metrics of the program, sorted by name.
func metricRows(t *testing.T) (rows [][]string) {
	t.Helper()
	metrics := telemetry.NewMetrics("")
	registerAll(metrics)
	descriptions := make(chan *prometheus.Desc)
	go func() {
		metrics.Registry.Describe(descriptions)
		close(descriptions)
	}()
	parts := regexp.MustCompile(`^Desc{fqName: "(pod_status_logger_\w+)", help: ("(?:[^"\\]|\\.)*"), .*constLabels: {([^}]*)}, variableLabels: {([^}]*)}}$`)
	for d := range descriptions {
		m := parts.FindStringSubmatch(d.String())
		if m == nil {
			continue // of the Go runtime or the process
		}
		help, err := strconv.Unquote(m[2])
		if err != nil {
			t.Fatal(err)
		}
		labels := regexp.MustCompile(`=".*?"`).ReplaceAllString(m[3], "") + m[4]
		if labels != "" {
			labels = "{" + labels + "}"
		}
		rows = append(rows, []string{code(m[1] + labels), help})
	}
	if len(rows) < 30 {
		t.Fatalf("found %d metrics, want some 40: has prometheus.Desc.String changed?", len(rows))
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return rows
}

// registerAll registers the metrics that need a part of the program: each method
// Register... takes a function or a name.
func registerAll(metrics *telemetry.Metrics) {
	v := reflect.ValueOf(metrics)
	for i := range v.NumMethod() {
		if !strings.HasPrefix(v.Type().Method(i).Name, "Register") {
			continue
		}
		var args []reflect.Value
		for in := range v.Method(i).Type().Ins() {
			args = append(args, reflect.Zero(in))
		}
		v.Method(i).Call(args)
	}
}
