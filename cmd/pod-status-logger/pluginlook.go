package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// lookFlags are the flags of the commands that look at one plugin.
type lookFlags struct {
	config   string
	timeout  string
	env      []string
	autoMTLS bool
	suppress bool
}

func (f *lookFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.config, "plugin-config", "", "configuration of the plugin, a JSON object; default: that of the configuration, else {}")
	fs.StringSliceVar(&f.env, "env", nil, "names of the environment variables that the plugin gets, separated by commas")
	fs.BoolVar(&f.autoMTLS, "auto-mtls", true, "want mutual TLS; default: take what the plugin speaks")
}

// look is a plugin to be looked at.
type look struct {
	PluginConfig
	spec   pluginhost.Spec
	either bool // take a plugin without TLS, too
	log    *slog.Logger
}

// newLook finds the plugin that the first argument names: by its path, else by the name of one that is
// configured or built in. The others are its arguments.
func newLook(cmd *cobra.Command, args []string, c Config, env environment, f *lookFlags) (*look, error) {
	l := &look{log: newLogger(env.stderr, c.Log.Level)}
	known := slices.Concat(c.Plugins, notIn(c.Plugins, defaultPlugins()))
	switch i := slices.IndexFunc(known, func(p PluginConfig) bool { return p.Name == args[0] }); {
	case i >= 0:
		l.PluginConfig = known[i]
	case strings.ContainsRune(args[0], filepath.Separator) || exists(args[0]):
		path, err := filepath.Abs(args[0])
		if err != nil {
			return nil, err
		}
		l.PluginConfig = PluginConfig{Command: path}
	default:
		return nil, fmt.Errorf("there is neither a file %q nor a plugin of that name; %s are there", args[0], namesOf(known))
	}
	l.Args = append(l.Args, args[1:]...)
	l.Env = append(l.Env, f.env...)
	if f.config != "" {
		l.Config = json.RawMessage(f.config)
	}
	if cmd.Flags().Changed("auto-mtls") {
		l.AutoMTLS = &f.autoMTLS
	}
	l.either = l.AutoMTLS == nil
	l.spec = l.PluginConfig.spec(env.lookup, c.Cluster)
	return l, l.spec.Validate()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// notIn returns those of the plugins whose names are not among the others.
func notIn(others, plugins []PluginConfig) []PluginConfig {
	return slices.DeleteFunc(plugins, func(p PluginConfig) bool {
		return slices.ContainsFunc(others, func(o PluginConfig) bool { return o.Name == p.Name })
	})
}

// start starts the plugin, without TLS where it speaks none and may do so.
func (l *look) start(ctx context.Context) (*pluginhost.Process, error) {
	p, err := pluginhost.Run(ctx, l.spec, l.log)
	if errors.Is(err, pluginhost.ErrNoTLS) && l.either {
		l.spec.PlainText = true
		p, err = pluginhost.Run(ctx, l.spec, l.log)
	}
	return p, err
}

// lookingAt returns a RunE for a command about one plugin.
func lookingAt(env environment, f *lookFlags, do func(cmd *cobra.Command, l *look) error) func(*cobra.Command, []string) error {
	defaults := DefaultConfig()
	defaults.Log.Level = "warn"
	return configured(env, defaults, func(cmd *cobra.Command, args []string, c Config) error {
		l, err := newLook(cmd, args, c, env, f)
		if err != nil {
			return usage(fmt.Errorf("%s: %w", cmd.CommandPath(), err))
		}
		return do(cmd, l)
	})
}

func onePlugin(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return usage(fmt.Errorf("%s wants the path of a plugin, or the name of one that is configured or built in", cmd.CommandPath()))
}

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

func pluginVerifyCommand(env environment) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "verify PATH|NAME [ARGUMENT...]",
		Short: "Check that a plugin keeps the rules for plugins",
		Long: `Starts a plugin several times, sends it what a host would send and what a host
rarely sends, and tells which rules it keeps and which not. The exit status is 1
where it breaks one.`,
		Args: onePlugin,
		RunE: lookingAt(env, &f, func(cmd *cobra.Command, l *look) error { return verify(cmd, l, &f) }),
	}
	addFlags(cmd, DefaultConfig(), outputFlags)
	f.add(cmd)
	cmd.Flags().StringVar(&f.timeout, "timeout", defaultPluginTimeout, "how long a batch of 64 records may take")
	cmd.Flags().BoolVar(&f.suppress, "allow-suppress", false, "the plugin may suppress records")
	return cmd
}

func verify(cmd *cobra.Command, l *look, f *lookFlags) error {
	timeout, err := duration("timeout", f.timeout, 1)
	if err != nil {
		return usage(err)
	}
	out := cmd.OutOrStdout()
	report, err := enrichertest.Verify(cmd.Context(), func(ctx context.Context) (enrichertest.Process, error) {
		p, err := l.start(ctx)
		if err != nil {
			return nil, err
		}
		return p, nil
	}, enrichertest.Options{
		Config:        string(l.Config),
		Timeout:       timeout,
		AllowSuppress: f.suppress || l.AllowSuppress,
		Each:          func(r enrichertest.Result) { _, _ = fmt.Fprintln(out, r) },
	})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	_, _ = fmt.Fprintln(out, report.Summary())
	if broken := report.Broken(); len(broken) > 0 {
		return fmt.Errorf("verify: the plugin breaks %d of the rules", len(broken))
	}
	return nil
}
