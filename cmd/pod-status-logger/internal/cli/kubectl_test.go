package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// TestKubectlName: the name of the file decides which program it is.
func TestKubectlName(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/local/bin/pod-status-logger": programName, "/home/me/.krew/bin/kubectl-podstatus": pluginName,
		"kubectl-podstatus.exe": pluginName, "kubectl-podstatus-other": programName, "": programName,
	} {
		env := Environment{Program: program}
		if got := env.name(); got != want {
			t.Errorf("%s is %s, want %s", program, got, want)
		}
		var help bytes.Buffer
		root := newCommand(env)
		writeHelp(&help, root, helpWidth)
		if !strings.Contains(help.String(), "\n  "+want+" demo ") ||
			!strings.Contains(help.String(), "Usage:\n  "+want+" [flags]") {
			t.Errorf("help of %s:\n%s", program, help.String())
		}
	}
	if o := (Environment{Program: pluginFile}).runDefaults(); o.Telemetry.Listen != "" {
		t.Errorf("the plugin listens at %s", o.Telemetry.Listen)
	}
}

// krewPlugin has the fields of krew's manifests.
type krewPlugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string         `json:"version"`
		ShortDescription string         `json:"shortDescription"`
		Description      string         `json:"description"`
		Caveats          string         `json:"caveats"`
		Homepage         string         `json:"homepage"`
		Platforms        []krewPlatform `json:"platforms"`
	} `json:"spec"`
}

type krewPlatform struct {
	URI      string `json:"uri"`
	Sha256   string `json:"sha256"`
	Bin      string `json:"bin"`
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"selector"`
	Files []struct{ From, To string } `json:"files"`
}

// TestKrewManifest checks the manifest by the rules of krew's validator and of its index, as a release fills it in.
func TestKrewManifest(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	text := strings.ReplaceAll(readDoc(t, "deploy/krew/podstatus.yaml"), "VERSION", "v1.2.3")
	text = regexp.MustCompile(`SHA256_\w+`).ReplaceAllString(text, sum)
	var p krewPlugin
	if err := yaml.UnmarshalStrict([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || p.Kind != "Plugin" ||
		p.Metadata.Name != "podstatus" || !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(p.Spec.Version) {
		t.Errorf("%+v", p)
	}
	if n := len(p.Spec.ShortDescription); n == 0 || n > 50 || strings.HasSuffix(p.Spec.ShortDescription, ".") {
		t.Errorf("the short description has %d characters, want 1 to 50 without a full stop", n)
	}
	var platforms []string
	for _, platform := range p.Spec.Platforms {
		system, arch := platform.Selector.MatchLabels["os"], platform.Selector.MatchLabels["arch"]
		platforms = append(platforms, system+"/"+arch)
		want := "https://github.com/pod-status-logger/pod-status-logger/releases/download/v1.2.3/" +
			"pod-status-logger_v1.2.3_" + system + "_" + arch + ".tar.gz"
		if platform.URI != want || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(platform.Sha256) {
			t.Errorf("%s: %s %s", system, platform.URI, platform.Sha256)
		}
		if platform.Bin != programName || len(platform.Files) != 2 || filepath.IsAbs(platform.Bin) {
			t.Errorf("%s/%s: bin %s, files %v", system, arch, platform.Bin, platform.Files)
		}
	}
	makefile := regexp.MustCompile(`(?m)^PLATFORMS\s*\?= (.*)$`).FindStringSubmatch(readDoc(t, "Makefile"))
	if got := strings.Join(platforms, " "); makefile == nil || got != makefile[1] {
		t.Errorf("platforms %s, releases have %v", got, makefile)
	}
}

// TestReleaseScript: tools/release.sh is a valid script.
func TestReleaseScript(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		need.Missing(t, "bash", err)
	}
	if out, err := exec.Command("bash", "-n", root+"tools/release.sh").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(root + "deploy/krew/podstatus.yaml"); err != nil {
		t.Error(err)
	}
}
