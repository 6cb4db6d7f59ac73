package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func pluginInspectCommand(env environment) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "inspect PATH|NAME [ARGUMENT...]",
		Short: "Start a plugin and show what it says of itself",
		Long: `Starts a plugin and shows its name and version, what it needs to see, and the
SHA-256 sum that pins its file in the configuration.`,
		Args: onePlugin,
		RunE: lookingAt(env, &f, inspect),
	}
	addFlags(cmd, DefaultConfig(), outputFlags)
	f.add(cmd)
	return cmd
}

// inspection is what inspect shows, as YAML.
type inspection struct {
	Name     string          `json:"name"`
	Version  string          `json:"version"`
	Builtin  string          `json:"builtin,omitempty"`
	Command  string          `json:"command,omitempty"`
	SHA256   string          `json:"sha256,omitempty"`
	AutoMTLS bool            `json:"autoMTLS"`
	Refused  string          `json:"refusedConfig,omitempty"`
	Needs    inspectionNeeds `json:"needs"`
}

type inspectionNeeds struct {
	Labels      []string          `json:"labels,omitempty"`
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
		return fmt.Errorf("plugin: %w", err)
	}
	defer p.Kill()
	description, needs, err := p.Introduce(cmd.Context())
	shown := inspection{Builtin: l.Builtin, Command: l.Command, AutoMTLS: !l.spec.PlainText}
	if refused := (*pluginhost.ConfigError)(nil); errors.As(err, &refused) {
		shown.Refused, err = refused.Message, nil
	}
	if err == nil && l.Command != "" {
		shown.SHA256, err = sumOf(l.Command)
	}
	if err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	shown.Name, shown.Version, shown.Needs = description.GetName(), description.GetVersion(), shownNeeds(needs)
	b, err := yaml.Marshal(shown)
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(b)
	return err
}

func shownNeeds(n *enrichv1.Needs) inspectionNeeds {
	shown := inspectionNeeds{Labels: n.GetLabels(), Annotations: n.GetAnnotations(), PodOnly: n.GetPodOnly()}
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
