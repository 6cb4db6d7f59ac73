package helm

import (
	"strings"
	"testing"
)

// TestWrongValues checks that invalid values are rejected with their name, before anything is
// created.
func TestWrongValues(t *testing.T) {
	const plugin = "config.plugins[0].name=team,"
	for name, c := range map[string]struct {
		set  string
		want []string
	}{
		"a mode that there is not":          {"mode=daemonset", []string{"/mode", "statefulset", "deployment"}},
		"a value that there is not":         {"replicaCount=2", []string{"replicaCount"}},
		"a key of config that there is not": {"config.watch.namespace=shop", []string{"/config/watch", "namespace"}},
		"the chart's own key":               {"config.state.dir=/data", []string{"/config/state", "dir"}},
		"a namespace that is none":          {"config.watch.namespaces={Shop}", []string{"/config/watch/namespaces/0"}},
		"a namespace that is a number": {
			"config.watch.namespaces={123}", []string{"/config/watch/namespaces/0", "string"},
		},
		"no quantity":                      {"config.state.maxSize=much", []string{"/config/state/maxSize"}},
		"a quantity with a unit of others": {"config.state.maxSize=64MB", []string{"/config/state/maxSize"}},
		"no duration":                      {"config.shutdownTimeout=10", []string{"/config/shutdownTimeout"}},
		"a plugin without a name": {
			"config.plugins[0].command=/plugins/team", []string{"/config/plugins/0", "name"},
		},
		"a plugin that is nothing to run": {
			plugin + "config.plugins[0].timeout=1s", []string{"/config/plugins/0", "builtin", "command"},
		},
		"a plugin's path that is relative": {
			plugin + "config.plugins[0].command=team", []string{"/config/plugins/0/command"},
		},
		"a plugin image without a path": {
			"pluginImages[0].name=team,pluginImages[0].image=team:1", []string{"/pluginImages/0", "path"},
		},
		"a digest that is none":     {"image.digest=abc", []string{"/image/digest"}},
		"owners that are no choice": {"rbac.owners=maybe", []string{"/rbac/owners", "auto", "never"}},
		"two pods may be away of one": {
			"podDisruptionBudget.maxUnavailable=2", []string{"/podDisruptionBudget/maxUnavailable"},
		},
		"an endpoint without a port":     {"config.otlp.endpoint=collector", []string{"/config/otlp/endpoint"}},
		"an endpoint for something else": {"config.otlp.endpoint=kafka://broker:9092", []string{"/config/otlp/endpoint"}},
		"a variable that is a number": {
			"extraEnv[0].name=A,extraEnv[0].value=1", []string{"/extraEnv/0/value", "string"},
		},
		"a variable with a typing error": {
			"extraEnv[0].name=A,extraEnv[0].valuefrom=b", []string{"/extraEnv/0", "valuefrom"},
		},
		"limits with a typing error":   {"resources.limit.memory=1Gi", []string{"/resources", "limit"}},
		"a resource that there is not": {"resources.limits.mem=1Gi", []string{"/resources/limits", "mem"}},
		"egress to no API server": {
			"networkPolicy.egress.enabled=true,networkPolicy.egress.apiServerPorts=null," +
				"networkPolicy.egress.apiServerPorts={}",
			[]string{"/networkPolicy/egress/apiServerPorts"},
		},
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, c.set, c.want...) })
	}
}

// TestContradictions checks values that are valid alone but not together.
func TestContradictions(t *testing.T) {
	for name, c := range map[string]struct{ set, want string }{
		"a journal larger than its volume": {
			"config.state.maxSize=1Gi", "persistence.size: 1Gi is too small for config.state.maxSize 1Gi",
		},
		"a volume smaller than any journal": {
			"persistence.size=300M", "persistence.size: 300M is too small for config.state.maxSize 256Mi",
		},
		"a journal larger than its emptyDir": {
			"mode=deployment,config.state.maxSize=700Mi",
			"emptyDir.sizeLimit: 1Gi is too small for config.state.maxSize 700Mi",
		},
		"a password for all to see": {
			"config.otlp.endpoint=https://me:secret@otlp.example.com",
			"config.otlp.endpoint: user and password would be in a ConfigMap",
		},
		"certificates for plaintext": {
			"otlp.tls.secretName=otlp,config.otlp.endpoint=http://collector:4317",
			"otlp.tls.secretName: config.otlp.endpoint http://collector:4317 has no TLS",
		},
		"certificates for a socket": {
			"otlp.tls.secretName=otlp,config.otlp.endpoint=unix:///run/otel.sock", "otlp.tls.secretName",
		},
		"records that go nowhere": {
			"config.stdout.enabled=false", "config.stdout.enabled: no sink is left",
		},
		"profiles for everybody": {
			"config.telemetry.pprof=true,networkPolicy.from=null", "config.telemetry.pprof",
		},
		"profiles, and no policy": {
			"config.telemetry.pprof=true,networkPolicy.enabled=false," +
				"networkPolicy.from[0].podSelector.matchLabels.a=b",
			"config.telemetry.pprof",
		},
		"rights for the account of everybody": {
			"serviceAccount.create=false", "serviceAccount.name: required if serviceAccount.create is false",
		},
		"a label that is the selector's": {
			"podLabels.app\\.kubernetes\\.io/instance=x", "podLabels: app.kubernetes.io/instance is set by the chart",
		},
		"an annotation that is the chart's": {
			"podAnnotations.checksum/config=x", "podAnnotations: checksum/config is set by the chart",
		},
		"a label of rules that is the chart's": {
			"prometheusRule.labels.helm\\.sh/chart=x", "prometheusRule.labels: helm.sh/chart is set by the chart",
		},
		"a label of scrapes that is the chart's": {
			"serviceMonitor.labels.app\\.kubernetes\\.io/version=x", "serviceMonitor.labels: app.kubernetes.io/version",
		},
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, c.set, c.want) })
	}
}

// TestNoContradictions checks valid combinations that look like contradictions.
func TestNoContradictions(t *testing.T) {
	for name, set := range map[string]string{
		"no configuration": "config=null",
		"the receiver is in a variable": "config.stdout.enabled=false,extraEnv[0].name=OTEL_EXPORTER_OTLP_ENDPOINT," +
			"extraEnv[0].value=http://collector:4317",
		"the receiver may be in a Secret": "config.stdout.enabled=false,extraEnvFrom[0].secretRef.name=otlp",
		"profiles for monitoring":         "config.telemetry.pprof=true",
		"profiles for some": "config.telemetry.pprof=true," +
			"networkPolicy.from[0].podSelector.matchLabels.a=b",
		"an account that somebody made":       "serviceAccount.create=false,serviceAccount.name=logger",
		"no account, as there are no rights":  "serviceAccount.create=false,rbac.create=false",
		"a size in a rare way":                "config.state.maxSize=1e8",
		"certificates for gRPC's host:port":   "otlp.tls.secretName=otlp,config.otlp.endpoint=collector:4317",
		"an address of IPv6":                  "config.otlp.endpoint=[::1]:4317",
		"resources that nodes report":         "resources.limits.ephemeral-storage=1Gi",
		"memory limits that are taken away":   "resources.limits=null",
		"an @ in the path is nobody's secret": "config.otlp.endpoint=https://otlp.example.com/@team/logs",
	} {
		t.Run(name, func(t *testing.T) { helm(t, "v4").must("template", "r", chart, "--set", set) })
	}
}

func wantRefused(t *testing.T, set string, wants ...string) {
	t.Helper()
	_, err := helm(t, "v4").try(nil, "template", "r", chart, "--set", set)
	if err == nil {
		t.Fatalf("helm takes %s", set)
	}
	_, said, _ := strings.Cut(err.Error(), "\n") // the first line has the values again
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("helm says this of %s, want a word of %q:\n%s", set, want, said)
		}
	}
}
