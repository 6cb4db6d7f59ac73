package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
)

func pluginVerifyCommand(env Environment) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "verify PATH|NAME [ARGUMENT...]",
		Short: "Check that a plugin follows the rules for plugins",
		Long: `Starts a plugin several times, sends it usual and unusual batches of records,
and reports the rules that it follows and breaks. The exit status is 1 if it
breaks a rule.`,
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
	cmd.Flags().BoolVar(&f.suppress, "allow-suppress", false, "let the plugin suppress records")
	return cmd
}

func verify(cmd *cobra.Command, l *look, f *lookFlags) error {
	timeout, err := config.ParseDuration("timeout", f.timeout, 1)
	if err != nil {
		return config.Usage(err)
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
