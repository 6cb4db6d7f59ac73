package helm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// options are the values files of the chart, one per scenario.
func options(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(chart + "/ci/*-values.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("the chart has the values files %v, want some: %v", files, err)
	}
	return files
}

func TestLint(t *testing.T) {
	each(t, func(t *testing.T, helm tool) {
		for _, values := range options(t) {
			helm.must("lint", "--strict", "--quiet", chart, "--values", values)
		}
	})
}

// TestHelmsAgree checks that both versions of Helm create the same objects.
func TestHelmsAgree(t *testing.T) {
	for _, values := range options(t) {
		old := helm(t, "v3").must("template", "r", chart, "--values", values, "--kube-version", "1.37")
		if now := helm(t, "v4").must("template", "r", chart, "--values", values, "--kube-version",
			"1.37"); objects(now) != objects(old) {
			t.Errorf("%s: the two helms make different objects of it:\n%s\n%s", values, old, now)
		}
	}
}

// objects removes source comments and empty lines, in which the versions differ.
func objects(rendered string) string {
	var b strings.Builder
	for line := range strings.Lines(rendered) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestOldCluster checks that the chart rejects image volumes for an API server that would drop
// them silently.
func TestOldCluster(t *testing.T) {
	_, err := helm(t, "v4").try(nil, "template", "r", chart, "--values", chart+"/ci/plugins-values.yaml", "--kube-version",
		"1.34")
	if err == nil || !strings.Contains(err.Error(), "ticket: image-volume needs Kubernetes 1.35, and this is v1.34") {
		t.Errorf("on 1.34 helm says %v", err)
	}
	_, err = helm(t, "v4").try(nil, "template", "r", chart, "--kube-version", "1.24")
	if err == nil || !strings.Contains(err.Error(), "1.25") {
		t.Errorf("on 1.24 helm says %v", err)
	}
}

// TestLongNames checks that names are cut to Kubernetes' limits, including the label that a
// StatefulSet's controller derives from them.
func TestLongNames(t *testing.T) {
	out := helm(t, "v4").must("template", strings.Repeat("r", 53), chart, "--show-only", "templates/statefulset.yaml")
	if want := "\n  name: \"" + strings.Repeat("r", 52) + "\"\n"; !strings.Contains(out, want) {
		t.Errorf("the StatefulSet has not%s%s", want, out)
	}
}

// TestReadme checks that the chart's page is generated from its values.
func TestReadme(t *testing.T) {
	docs := tool{t: t, path: absolute(t, "bin/helm-docs"), env: os.Environ()}
	got := docs.must("--chart-search-root", chart, "--sort-values-order", "file", "--log-level", "error", "--dry-run")
	have, err := os.ReadFile(chart + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(got) != strings.TrimSpace(string(have)) {
		t.Error("README.md of the chart is not that of its values; make helm-docs writes it")
	}
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "|") && strings.HasSuffix(line, "|  |\n") {
			t.Errorf("a value is not described: %s", line)
		}
	}
}

// TestManifests checks that the plain manifests are generated from the current chart.
func TestManifests(t *testing.T) {
	const folder = "../../deploy/manifests"
	fresh := t.TempDir()
	tool{t: t, path: absolute(t, "../../tools/manifests.sh"), env: os.Environ()}.must(fresh)
	files, err := filepath.Glob(fresh + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests are made: %v", err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(filepath.Join(folder, filepath.Base(file)))
		if err != nil || string(have) != string(want) {
			t.Errorf("deploy/manifests/%s is not what the chart gives; make manifests writes it (%v)", filepath.Base(file), err)
		}
	}
}

// TestProgramTakesConfig checks that the program accepts configurations that the chart's schema
// accepts.
func TestProgramTakesConfig(t *testing.T) {
	for _, values := range options(t) {
		rendered := helm(t, "v4").must("template", "r", chart, "--values", values, "--show-only", "templates/configmap.yaml")
		file := filepath.Join(t.TempDir(), "config.yaml")
		config := decode(t, rendered)[0].(*corev1.ConfigMap).Data["config.yaml"]
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		program := tool{t: t, path: absolute(t, loggerProgram)}
		_, err := program.try(nil, "config", "check", "--config", file)
		if missing := err != nil && strings.Contains(err.Error(), "/plugins/team/team"); err != nil && !missing {
			t.Errorf("%s: %v", values, err)
		}
	}
}
