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

// TestImports checks the directions of imports, each with its reason.
func TestImports(t *testing.T) {
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
		for _, dep := range depsOf(t, rule.who) {
			if strings.HasPrefix(dep, rule.mustNot) && !strings.HasPrefix(dep, module+rule.who) {
				t.Errorf("%s imports %s: %s", rule.who, dep, rule.why)
			}
		}
	}
}

// TestCoreImports: core depends neither on plugins nor on commands.
func TestCoreImports(t *testing.T) {
	for line := range strings.Lines(golist(t, "-f", "{{.ImportPath}} {{join .Deps \" \"}}", "./core/...")) {
		words := strings.Fields(line)
		for _, dep := range words[1:] {
			if strings.HasPrefix(dep, module+"plugins/") || strings.HasPrefix(dep, module+"cmd/") {
				t.Errorf("%s imports %s", words[0], dep)
			}
		}
	}
}

// TestPluginsImports: plugins and their package import no other packages of core than
// those for plugins.
func TestPluginsImports(t *testing.T) {
	allowed := []string{module + "core/record", module + "core/strict"}
	for _, who := range []string{
		"plugins/enricher", "plugins/enrichertest", "plugins/bundle", "plugins/examples/hello", "plugins/examples/team",
	} {
		for _, dep := range depsOf(t, who) {
			if strings.HasPrefix(dep, module+"core/") && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s: a plugin must build without the host", who, dep)
			}
		}
	}
}

// TestImporters checks that only some packages import a library.
func TestImporters(t *testing.T) {
	const app, cli, conf = command + "internal/app", command + "internal/cli", command + "internal/config"
	for library, allowed := range map[string][]string{
		"k8s.io/client-go":                    {"core/watch", "core/apiscript", "core/owner", app, cli},
		"k8s.io/client-go/rest":               {"core/watch", "core/apiscript", "core/owner", app},
		"go.opentelemetry.io/contrib/bridges": {"core/emit", "core/telemetry"},
		"google.golang.org/grpc":              {"core/otlp", "core/otlp/otlptest", "core/pluginhost"},
		"github.com/hashicorp/go-plugin":      {"core/pluginhost"},
		"github.com/prometheus/client_golang": {"core/telemetry"},
		"github.com/spf13/cobra":              {cli},
		module + "core/pluginhost":            {"core/telemetry", conf, app, cli},
		module + "core/pipeline":              {"core/telemetry", app},
		module +
			"core/journal": {"core/journal/boltstore", "core/otlp", "core/pipeline", "core/telemetry", app, cli},
		module + "core/journal/boltstore": {app},
		"go.etcd.io/bbolt":                {"core/journal/boltstore"},
		module + "core/apiscript":         {command + "internal/demo"},
		module + "proto/podstatus/state":  {"core/status"},
	} {
		out := golist(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./core/...", "./cmd/...")
		for line := range strings.Lines(out) {
			words := strings.Fields(line)
			who := strings.TrimPrefix(words[0], module)
			for _, dep := range words[1:] {
				if (dep == library || strings.HasPrefix(dep, library+"/")) && !slices.Contains(allowed, who) {
					t.Errorf("%s imports %s, which is for %v", who, dep, allowed)
				}
			}
		}
	}
}

func depsOf(t *testing.T, who string) []string {
	t.Helper()
	return strings.Fields(golist(t, "-deps", "./"+who))
}

func golist(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return string(out)
}
