package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/demo"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/develop"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
)

func pluginDevCommand(env Environment) *cobra.Command {
	var f lookFlags
	var recording string
	cmd := &cobra.Command{
		Use:   "dev PATH|NAME [ARGUMENT...]",
		Short: "Run a plugin while you change it",
		Long: `Plays the records of the demo, or of a recorded watch, through a plugin, and
shows each record beside the attributes that the plugin adds, with the plugin's
log between them. When the plugin's file changes, the plugin is restarted and
the records are played again, until Ctrl-C. For a script, the files beside it
with the same extension count, too.`,
		Example: `  pod-status-logger plugin dev ./plugin.py
  pod-status-logger plugin dev ./team --replay recorded.jsonl`,
		Args:              onePlugin,
		ValidArgsFunction: completePlugin(env),
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, args []string, o config.Options) error {
			l, err := newLook(cmd, args, o.Config, env, &f)
			if err == nil && l.Command == "" {
				err = fmt.Errorf("%s is built in, and has no file that could change", l.Name)
			}
			if err != nil {
				return config.Usage(fmt.Errorf("%s: %w", pathOf(cmd), err))
			}
			return develops(cmd, &developed{look: l, options: o, env: env, recording: recording})
		}),
	}
	addFlags(cmd, config.DefaultOptions(), config.PaceFlag, config.CommonFlags)
	f.add(cmd)
	cmd.Flags().StringVar(&recording, "replay", "", "`file` with a recorded watch, as for replay, to play instead of the demo")
	return cmd
}

func develops(cmd *cobra.Command, d *developed) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(d.options.Log.Level)); err != nil {
		return err
	}
	defer d.env.SetUp(newLogger(d.env.Stderr, "error"))()
	develop.Run(cmd.Context(), develop.Settings{
		File: d.Command, Play: d.play, Prefix: d.prefix, Level: level,
		Output: cmd.OutOrStdout(), Width: widthOf(d.env.Stdout),
	})
	return nil
}

// developed is a plugin in development.
type developed struct {
	*look
	options   config.Options
	env       Environment
	recording string // empty: the demo

	name atomic.Pointer[string] // of the plugin, once it has started
}

// prefix returns the beginning of the keys of the plugin's attributes, which is no key's while the
// name of the plugin is unknown.
func (d *developed) prefix() string {
	if name := d.name.Load(); name != nil {
		return *name + "."
	}
	return "?"
}

// play plays the records of the demo or of the recording once, through the plugin alone, as package
// develop calls it after each change.
func (d *developed) play(ctx context.Context, stdout *os.File, log *slog.Logger) error {
	if err := d.introduce(ctx, log); err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	o := d.options
	plugin := d.PluginConfig
	plugin.Name, plugin.AutoMTLS = *d.name.Load(), new(!d.spec.PlainText)
	o.Plugins = []config.PluginConfig{plugin}
	o.Watch = config.Default().Watch
	o.Stdout.Enabled, o.Stdout.Format, o.State.Dir, o.Telemetry.Listen = true, "json", "", ""
	o.OTLP = config.Default().OTLP
	env := d.env.app(o.Log.Level)
	env.Stdout, env.Color, env.PluginLog = stdout, false, log
	env.Log = newLogger(d.env.Stderr, "error") // the view shows failures beside their records
	env.Lookup = withoutStandard(env.Lookup)
	if d.recording != "" {
		return app.Replay(ctx, o.Config, env, d.recording)
	}
	return demo.Run(ctx, o, env)
}

// withoutStandard hides the standard variables of OpenTelemetry from a lookup, so that no records
// and no metrics of a plugin in development are sent to a receiver.
func withoutStandard(lookup config.Lookup) config.Lookup {
	return func(name string) (string, bool) {
		if strings.HasPrefix(name, "OTEL_") {
			return "", false
		}
		return lookup(name)
	}
}

// introduce starts the plugin once before the records are played, to learn its name and whether
// it speaks TLS, and to return the errors of its start.
func (d *developed) introduce(ctx context.Context, log *slog.Logger) error {
	d.log = log
	p, err := d.start(ctx)
	if err != nil {
		return err
	}
	defer p.Kill()
	description, _, err := p.Introduce(ctx)
	if refused := (*pluginhost.ConfigError)(nil); errors.As(err, &refused) {
		return refused
	}
	d.name.Store(new(description.GetName()))
	return err
}
