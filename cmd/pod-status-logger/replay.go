package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

func replayCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay FILE|-",
		Short: "Emit the records of a recorded watch",
		Long: `Emits the records of what

  kubectl get pods -A -w --output-watch-events -o json

printed, from a file or from stdin. A line that is no event is named by its
number and skipped; the exit status is then 1.

The time of a record is that of the replay. kubectl prints the pods that exist
at its start as added, so a replay tells them as created.`,
		Example: `  pod-status-logger replay recorded.jsonl
  pod-status-logger replay recorded.jsonl -o pretty
  kubectl get pods -w --output-watch-events -o json | pod-status-logger replay -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usage(fmt.Errorf("%s wants one file, or - for stdin", pathOf(cmd)))
		},
		RunE: configured(env, DefaultConfig(), func(cmd *cobra.Command, args []string, c Config) error {
			return replay(cmd.Context(), c, env, args[0])
		}),
	}
	addFlags(cmd, DefaultConfig(), outputFlags, commonFlags)
	return cmd
}

func replay(ctx context.Context, c Config, env environment, path string) error {
	input, err := open(path, env.stdin)
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }()
	c.State.Dir = ""                       // a recording is no cluster to resume
	s, err := newService(ctx, c, env, nil) // the owners of then may not be those of now
	if err != nil {
		return err
	}
	defer s.close()
	bad := 0
	err = s.run(ctx, func(ctx context.Context, out chan<- watch.Event) error {
		return watch.Replay(ctx, input, out, func(line int, err error) {
			bad++
			s.log.Error("skipping what is no event of a pod", "file", path, "line", line, "error", err)
		})
	})
	if err == nil && bad > 0 {
		return fmt.Errorf("replay %s: skipped what is no event of a pod, %s", path, times(bad))
	}
	return err
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func open(path string, stdin io.Reader) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("replay: %w", err))
	}
	return f, nil
}
