package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
)

// lookFlags are the flags of the commands for one plugin.
type lookFlags struct {
	config   string
	timeout  string
	start    string
	env      []string
	autoMTLS bool
	suppress bool
}

func (f *lookFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.config, "plugin-config", "",
		"configuration of the plugin, a `JSON` object; default: the configured one, else {}")
	fs.StringSliceVar(&f.env, "env", nil,
		"`names` of the environment variables to pass to the plugin, separated by commas")
	fs.BoolVar(&f.autoMTLS, "auto-mtls", true, "require mutual TLS; default: accept a plugin without it")
	fs.Lookup("auto-mtls").DefValue = "false" // help does not show this default
}

// look is a plugin to inspect or to verify.
type look struct {
	config.PluginConfig
	spec   pluginhost.Spec
	either bool // accept a plugin without TLS
	log    *slog.Logger
}

// newLook finds the plugin of the first argument: a path, or the name of a configured
// or built-in plugin. The other arguments are for the plugin.
func newLook(cmd *cobra.Command, args []string, c config.Config, env Environment, f *lookFlags) (*look, error) {
	l := &look{log: newLogger(env.Stderr, c.Log.Level)}
	known := slices.Concat(c.Plugins, notIn(c.Plugins, config.DefaultPlugins()))
	switch i := slices.IndexFunc(known, func(p config.PluginConfig) bool { return p.Name == args[0] }); {
	case i >= 0:
		l.PluginConfig = known[i]
	case strings.ContainsRune(args[0], filepath.Separator) || exists(args[0]):
		path, err := filepath.Abs(args[0])
		if err != nil {
			return nil, err
		}
		l.PluginConfig = config.PluginConfig{Command: path}
	default:
		return nil, fmt.Errorf("%q is neither a file nor a plugin (known plugins: %s)",
			args[0], strings.Join(config.PluginNames(known), ", "))
	}
	if l.Builtin != "" && len(args) > 1 {
		return nil, fmt.Errorf("%s is built in and takes no arguments, got %q", l.Name, args[1])
	}
	l.Args = append(l.Args, args[1:]...)
	l.Env = append(l.Env, f.env...)
	if f.config != "" {
		l.Config = json.RawMessage(f.config)
		if err := config.CheckObject(l.Config); err != nil {
			return nil, fmt.Errorf("plugin-config: %w", err)
		}
	}
	if cmd.Flags().Changed("auto-mtls") {
		l.AutoMTLS = &f.autoMTLS
	}
	l.either = l.AutoMTLS == nil
	if l.InProcess() && (len(l.Env) > 0 || l.AutoMTLS != nil) {
		return nil, fmt.Errorf("%s runs within the program: --env and --auto-mtls are for a process", l.Name)
	}
	l.spec = app.PluginSpec(&l.PluginConfig, c.Cluster, env.Version, env.Lookup)
	return l, l.spec.Validate()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// notIn returns the plugins whose names are not among the others.
func notIn(others, plugins []config.PluginConfig) []config.PluginConfig {
	return slices.DeleteFunc(plugins, func(p config.PluginConfig) bool {
		return slices.ContainsFunc(others, func(o config.PluginConfig) bool { return o.Name == p.Name })
	})
}

// start starts the plugin, without TLS if the plugin lacks it and l accepts that.
func (l *look) start(ctx context.Context) (*pluginhost.Process, error) {
	p, err := pluginhost.Run(ctx, l.spec, l.log)
	if errors.Is(err, pluginhost.ErrNoTLS) && l.either {
		l.spec.PlainText = true
		p, err = pluginhost.Run(ctx, l.spec, l.log)
	}
	return p, err
}

// lookingAt returns the function of a command for one plugin.
func lookingAt(env Environment, f *lookFlags, do func(cmd *cobra.Command, l *look) error) runE {
	return configured(env, config.DefaultOptions(), func(cmd *cobra.Command, args []string, o config.Options) error {
		l, err := newLook(cmd, args, o.Config, env, f)
		if err != nil {
			return config.Usage(fmt.Errorf("%s: %w", pathOf(cmd), err))
		}
		return do(cmd, l)
	})
}

func onePlugin(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return config.Usage(fmt.Errorf("%s needs the path of a plugin, or the name of a configured or built-in one",
		pathOf(cmd)))
}

// completePlugin completes the first argument by names of plugins, and all arguments as
// files.
func completePlugin(env Environment) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return pluginNames(cmd, env), cobra.ShellCompDirectiveDefault
	}
}
