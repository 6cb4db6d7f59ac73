package app

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Replay emits the records of a recorded watch, - for that on stdin.
func Replay(ctx context.Context, c config.Config, env Environment, path string) error {
	input, err := open(path, env.Stdin)
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }()
	c.State.Dir = ""                // a recording is no cluster to resume
	s, err := New(ctx, c, env, nil) // the owners of then may not be those of now
	if err != nil {
		return err
	}
	defer s.Close()
	bad := 0
	err = s.Run(ctx, func(ctx context.Context, out chan<- watch.Event) error {
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
		return nil, config.Usage(fmt.Errorf("replay: %w", err))
	}
	return f, nil
}
