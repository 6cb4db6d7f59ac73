package prometheus

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(read(t, rulesPath)), &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

// TestRules has Prometheus' own tool check the rules, and run the cases.
func TestRules(t *testing.T) {
	promtool(t, "", "check", "rules", "--lint=all", "--lint-fatal", rulesPath)
	promtool(t, "", "test", "rules", "alerts_test.yaml")
}

// TestRulesAreComplete: each alert fires in a case, says how bad it is and what
// to do, and has its paragraph on the page; and the page has no other.
func TestRulesAreComplete(t *testing.T) {
	cases, page := read(t, "alerts_test.yaml"), read(t, root+"docs/operations.md")
	var alerts []string
	for _, r := range rules(t) {
		alerts = append(alerts, r.Alert)
		if !strings.Contains(cases, fmt.Sprintf("    alertname: %s\n    exp_alerts:\n    - exp_labels", r.Alert)) {
			t.Errorf("no case makes %s fire", r.Alert)
		}
		if s := r.Labels["severity"]; s != "warning" && s != "critical" {
			t.Errorf("%s has severity %q", r.Alert, s)
		}
		for _, a := range []string{"summary", "description"} {
			if r.Annotations[a] == "" {
				t.Errorf("%s has no %s", r.Alert, a)
			}
		}
		want := "https://github.com/pod-status-logger/pod-status-logger/blob/main/docs/operations.md#" +
			strings.ToLower(r.Alert)
		if got := r.Annotations["runbook_url"]; got != want {
			t.Errorf("%s has runbook_url %q, want %q", r.Alert, got, want)
		}
	}
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^### (PodStatusLogger\w+)$`).FindAllStringSubmatch(page, -1) {
		headings = append(headings, m[1])
	}
	if !slices.Equal(headings, alerts) {
		t.Errorf("docs/operations.md has paragraphs for\n%v, want\n%v", headings, alerts)
	}
}
