package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
)

func pluginVerifyCommand(env Environment) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "verify PATH|NAME [ARGUMENT...]",
		Short: "Check that a plugin follows the rules for plugins",
		Long: `Starts a plugin several times, sends it usual and unusual batches of records,
and reports the rules that it follows and breaks. The exit status is 1 if it
breaks a rule, and 2 if the file can't be run. The plugin's log is on stderr.`,
		Example: `  pod-status-logger plugin verify /plugins/team
  pod-status-logger plugin verify /plugins/hello.py --timeout 1s`,
		Args:              onePlugin,
		ValidArgsFunction: completePlugin(env),
		RunE:              lookingAt(env, &f, func(cmd *cobra.Command, l *look) error { return verify(cmd, l, &f) }),
	}
	addFlags(cmd, config.DefaultOptions(), config.CommonFlags)
	f.add(cmd)
	cmd.Flags().StringVar(&f.timeout, "timeout", config.DefaultPluginTimeout,
		"maximum `duration` of a call with 64 records")
	cmd.Flags().StringVar(&f.start, "start-timeout", "30s", "maximum `duration` of a start, at most 30s")
	cmd.Flags().BoolVar(&f.suppress, "allow-suppress", false, "let the plugin suppress records")
	return cmd
}

func verify(cmd *cobra.Command, l *look, f *lookFlags) error {
	timeout, err := config.ParseDuration("timeout", f.timeout, 1)
	if err != nil {
		return config.Usage(err)
	}
	start, err := config.ParseDuration("start-timeout", f.start, 1)
	if err != nil {
		return config.Usage(err)
	}
	out := cmd.OutOrStdout()
	ctx, stop := context.WithCancelCause(cmd.Context())
	defer stop(nil)
	report, err := enrichertest.Verify(ctx, func(ctx context.Context) (enrichertest.Process, error) {
		p, err := l.start(ctx)
		if err != nil {
			if cantRun(err) {
				stop(config.Usage(err))
			}
			return nil, err
		}
		return p, nil
	}, enrichertest.Options{
		Config:        string(l.Config),
		Timeout:       timeout,
		StartTimeout:  start,
		AllowSuppress: f.suppress || l.AllowSuppress,
		Each: func(r enrichertest.Result) {
			if r.Outcome != enrichertest.NotReached {
				_, _ = fmt.Fprintln(out, r)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	_ = report.PrintEnd(out)
	if broken := report.Broken(); len(broken) > 0 {
		return fmt.Errorf("verify: the plugin breaks %d of the rules", len(broken))
	}
	return nil
}

// cantRun reports whether the error is about the file of a plugin, which is no plugin then.
func cantRun(err error) bool {
	return errors.Is(err, pluginhost.ErrCommand) || errors.Is(err, fs.ErrNotExist)
}
