package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	module  = "github.com/pod-status-logger/pod-status-logger/"
	command = "cmd/pod-status-logger/"
)

// TestImports checks what packages import.
func TestImports(t *testing.T) {
	t.Parallel()
	packages := packagesOf(t, "./core/...", "./cmd/...", "./plugins/...")
	t.Run("directions", func(t *testing.T) { checkDirections(t, packages) })
	t.Run("core", func(t *testing.T) { checkCore(t, packages) })
	t.Run("plugins", func(t *testing.T) { checkPlugins(t, packages) })
	t.Run("libraries", func(t *testing.T) { checkLibraries(t, packages) })
}

// checkDirections checks the directions of imports, each with its reason.
func checkDirections(t *testing.T, packages map[string]imports) {
	t.Helper()
	// These parts of core/watch are for every client of an API server.
	shared := []string{module + "core/watch/transport", module + "core/watch/wire"}
	for _, rule := range []struct{ who, mustNot, why string }{
		{"core/record", module, "everybody builds on it"},
		{"core/record", "k8s.io", "records are not Kubernetes' objects"},
		{"core/record", "go.opentelemetry.io/otel/sdk", "records don't know who writes them"},
		{"core/status", module + "core/emit", "what changed does not depend on how it is written"},
		{"core/status", module + "core/watch", "it compares pods wherever they come from"},
		{"core/status", "k8s.io/client-go", "it is pure"},
		{"core/watch", module, "a stream knows nothing of what its events are for"},
		{"core/apiscript", module, "it stands in for a server, whatever its clients are"},
		{"core/emit", module + "core/status", "a record is all that it needs"},
		{"core/emit", "k8s.io", "a record is all that it needs"},
		{"core/emit", module + "core/journal", "it makes bytes; storing and sending them is for others"},
		{"core/emit", module + "core/otlp", "it makes bytes; storing and sending them is for others"},
		{
			"core/emit", "go.opentelemetry.io/otel/exporters",
			"the stock exporters drop records that a receiver doesn't take in time",
		},
		{"core/otlp", module + "core/emit", "it sends bytes, whatever is in them"},
		{"core/otlp", module + "core/record", "it sends bytes, whatever is in them"},
		{"core/otlp", "go.opentelemetry.io/otel/sdk", "it sends bytes, whoever made them"},
		{"core/otlp", "k8s.io", "bytes are all that it needs"},
		{"core/otlp", "go.opentelemetry.io/otel/exporters", "the stock exporters drop what is not taken in time"},
		{"core/journal", module, "the bytes it holds have no meaning to it"},
		{"core/journal", "go.etcd.io", "it works with any store"},
		{"core/ratelog", module, "it is about logs in general"},
		{"core/strict", module, "JSON is all that it knows"},
		{"core/enrich", module + "proto", "the rules don't depend on how plugins are spoken to"},
		{"core/enrich", "k8s.io", "a record is all that it needs"},
		{"core/owner", module + "core/watch", "owners are looked up by requests, not watched"},
		{"core/owner", "k8s.io/client-go/kubernetes", "the full clientset costs 12 MB of binary"},
		{"core/pluginhost", module + "plugins", "the host knows plugins by their protocol only"},
		{"core/pluginhost", "k8s.io", "a record is all that it needs"},
		{"plugins/enricher", "k8s.io", "a plugin sees records, not Kubernetes' objects"},
		{"plugins/bundle", "k8s.io/client-go", "a plugin speaks to its host only"},
		{
			"cmd/pod-status-logger", "k8s.io/client-go/kubernetes",
			"the full clientset costs 12 MB of binary and 9 MB of memory",
		},
		{command + "internal/config", module + command + "internal/app", "reading the configuration starts nothing"},
		{command + "internal/config", "k8s.io/client-go", "reading the configuration connects to nothing"},
		{command + "internal/app", module + command + "internal/cli", "a run does not depend on the command line"},
		{command + "internal/app", "github.com/spf13/cobra", "a run does not depend on the command line"},
		{command + "internal/app", module + command + "internal/demo", "the demo is a run like any other"},
		{command + "internal/demo", module + command + "internal/cli", "a run does not depend on the command line"},
		{"cmd/pod-status-logger", "net/http/httptest", "it adds a flag to the program"},
		{"cmd/pod-status-logger", module + "core/otlp/otlptest", "tests' parts don't belong into the program"},
		{"cmd/pod-status-logger", module + "core/emit/emittest", "tests' parts don't belong into the program"},
		{"cmd/pod-status-logger", module + "plugins/faulty", "tests' parts don't belong into the program"},
	} {
		for _, dep := range of(t, packages, rule.who).all {
			if strings.HasPrefix(dep, rule.mustNot) && !strings.HasPrefix(dep, module+rule.who) &&
				!slices.Contains(shared, dep) {
				t.Errorf("%s imports %s: %s", rule.who, dep, rule.why)
			}
		}
	}
}

// checkCore: core depends neither on plugins nor on commands.
func checkCore(t *testing.T, packages map[string]imports) {
	t.Helper()
	for who, p := range packages {
		for _, dep := range p.all {
			if strings.HasPrefix(who, "core/") &&
				(strings.HasPrefix(dep, module+"plugins/") || strings.HasPrefix(dep, module+"cmd/")) {
				t.Errorf("%s imports %s", who, dep)
			}
		}
	}
}

// checkPlugins: plugins and their package import no other packages of core than those for plugins.
func checkPlugins(t *testing.T, packages map[string]imports) {
	t.Helper()
	allowed := []string{module + "core/record", module + "core/strict"}
	for _, who := range []string{
		"plugins/enricher", "plugins/enrichertest", "plugins/bundle", "plugins/examples/hello", "plugins/examples/team",
	} {
		for _, dep := range of(t, packages, who).all {
			if strings.HasPrefix(dep, module+"core/") && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s: a plugin must build without the host", who, dep)
			}
		}
	}
}

// checkLibraries: only some packages of the program import a library.
func checkLibraries(t *testing.T, packages map[string]imports) {
	t.Helper()
	const app, cli, conf = command + "internal/app", command + "internal/cli", command + "internal/config"
	for library, allowed := range map[string][]string{
		"k8s.io/client-go": {
			"core/watch", "core/watch/transport", "core/apiscript", "core/owner", app, cli,
		},
		"k8s.io/client-go/rest":               {"core/watch", "core/watch/transport", "core/apiscript", "core/owner", app},
		"go.opentelemetry.io/contrib/bridges": {"core/emit", "core/telemetry"},
		"google.golang.org/grpc": {
			"core/otlp", "core/otlp/otlptest", "core/pluginhost", "core/pluginhost/v1",
		},
		"github.com/hashicorp/go-plugin":      {"core/pluginhost"},
		"github.com/prometheus/client_golang": {"core/telemetry"},
		"github.com/spf13/cobra":              {cli},
		module + "core/pluginhost":            {"core/pluginhost", "core/telemetry", conf, app, cli},
		module + "core/pipeline":              {"core/telemetry", app},
		module + "core/journal": {
			"core/journal/boltstore", "core/otlp", "core/pipeline", "core/telemetry", app, cli,
		},
		module + "core/journal/boltstore": {app},
		"go.etcd.io/bbolt":                {"core/journal/boltstore"},
		module + "core/apiscript":         {command + "internal/demo"},
		module + "proto/podstatus/state":  {"core/status/snapshot"},
		module + "core/status/snapshot":   {"core/status"},
	} {
		for who, p := range packages {
			if strings.HasPrefix(who, "plugins/") {
				continue
			}
			for _, dep := range p.direct {
				if (dep == library || strings.HasPrefix(dep, library+"/")) && !slices.Contains(allowed, who) {
					t.Errorf("%s imports %s, which is for %v", who, dep, allowed)
				}
			}
		}
	}
}

// imports are the packages that a package imports.
type imports struct {
	direct []string
	all    []string // also what these import
}

// packagesOf returns the imports of the module's packages, by their paths in the module.
func packagesOf(t *testing.T, patterns ...string) map[string]imports {
	t.Helper()
	const format = `{{.ImportPath}};{{join .Imports " "}};{{join .Deps " "}}`
	cmd := exec.Command("go", append([]string{"list", "-f", format}, patterns...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]imports{}
	for line := range strings.Lines(string(out)) {
		parts := strings.Split(line, ";")
		packages[strings.TrimPrefix(parts[0], module)] = imports{strings.Fields(parts[1]), strings.Fields(parts[2])}
	}
	return packages
}

// of returns the imports of a package, which must exist.
func of(t *testing.T, packages map[string]imports, who string) imports {
	t.Helper()
	p, ok := packages[who]
	if !ok {
		t.Fatalf("there is no package %s", who)
	}
	return p
}
