package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func pluginInspectCommand(env Environment) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "inspect PATH|NAME [ARGUMENT...]",
		Short: "Start a plugin and show its description and its needs",
		Long: `Starts a plugin and shows its name and version, the data that it needs, and the
SHA-256 checksum that pins its file in the configuration. If the plugin rejects
its configuration, its needs are unknown, and the exit status is 2.`,
		Example: `  pod-status-logger plugin inspect bundle
  pod-status-logger plugin inspect /plugins/team --plugin-config '{"label":"x"}'`,
		Args:              onePlugin,
		ValidArgsFunction: completePlugin(env),
		RunE:              lookingAt(env, &f, inspect),
	}
	addFlags(cmd, config.DefaultOptions(), config.CommonFlags)
	f.add(cmd)
	return cmd
}

// inspection is the output of inspect, as YAML.
type inspection struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Helper   string `json:"helper,omitempty"`
	Builtin  string `json:"builtin,omitempty"`
	Command  string `json:"command,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	AutoMTLS *bool  `json:"autoMTLS,omitempty"` // nil: the plugin has no process
	// Needs are unknown if the plugin rejects its configuration.
	Needs *inspectionNeeds `json:"needs,omitempty"`
}

type inspectionNeeds struct {
	Labels      []string          `json:"labels,omitempty"`
	NoLabels    bool              `json:"noLabels,omitempty"`
	Annotations []string          `json:"annotations,omitempty"`
	Owners      *inspectionOwners `json:"owners,omitempty"`
	PodOnly     bool              `json:"podOnly"`
}

type inspectionOwners struct {
	Labels      []string `json:"labels,omitempty"`
	Annotations []string `json:"annotations,omitempty"`
}

func inspect(cmd *cobra.Command, l *look) error {
	p, err := l.start(cmd.Context())
	if err != nil {
		err = fmt.Errorf("plugin: %w", err)
		if cantRun(err) {
			err = config.Usage(err)
		}
		return err
	}
	defer p.Kill()
	description, needs, err := p.Introduce(cmd.Context())
	shown := inspection{Builtin: l.Builtin, Command: l.Command}
	if !l.InProcess() {
		shown.AutoMTLS = new(!l.spec.PlainText)
	}
	shown.Name, shown.Version, shown.Helper = description.GetName(), description.GetVersion(), description.GetHelper()
	var refusal error
	if refused := (*pluginhost.ConfigError)(nil); errors.As(err, &refused) {
		refusal, err = config.Usage(fmt.Errorf("plugin %s: %w", shown.Name, refused)), nil
	} else {
		shown.Needs = shownNeeds(needs)
	}
	if err == nil && l.Command != "" {
		shown.SHA256, err = sumOf(l.Command)
	}
	if err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	b, err := yaml.Marshal(shown)
	if err != nil {
		return err
	}
	if _, err = cmd.OutOrStdout().Write(b); err != nil {
		return err
	}
	return refusal
}

func shownNeeds(n *enrichv1.Needs) *inspectionNeeds {
	shown := &inspectionNeeds{
		Labels: n.GetLabels(), NoLabels: n.GetNoLabels(), Annotations: n.GetAnnotations(), PodOnly: n.GetPodOnly(),
	}
	if o := n.GetOwners(); o != nil {
		shown.Owners = &inspectionOwners{o.GetLabels(), o.GetAnnotations()}
	}
	return shown
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}
