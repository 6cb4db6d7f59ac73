package helm

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const operator = "github.com/prometheus-operator/prometheus-operator@v0.85.0"

// installCRDs adds the kinds of the Prometheus Operator to the API server, from the operator's
// Go module.
func (c *control) installCRDs(t *testing.T) {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", operator).Output()
	if err != nil {
		t.Fatalf("find the module of the Prometheus Operator: %v", err)
	}
	_, rest, _ := strings.Cut(string(out), `"Dir": "`)
	dir, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("the module of the Prometheus Operator is nowhere: %s", out)
	}
	for _, kind := range []string{"servicemonitors", "prometheusrules"} {
		file := filepath.Join(dir, "example/prometheus-operator-crd/monitoring.coreos.com_"+kind+".yaml")
		kubectl(t, c).must("apply", "--server-side", "-f", file)
	}
	kubectl(t, c).must("wait", "--for=condition=Established", "--timeout=30s",
		"crd/servicemonitors.monitoring.coreos.com", "crd/prometheusrules.monitoring.coreos.com")
}
