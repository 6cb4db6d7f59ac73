package app

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/recording"
)

// Replay emits the records of a recorded watch: a file, or stdin for the path -.
func Replay(ctx context.Context, c config.Config, env Environment, path string) error {
	input, err := open(path, env.Stdin)
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }()
	c.State.Dir = ""              // the checkpoints are of a cluster
	owners := newRecordedOwners() // those in a cluster may have changed since the recording
	twice := isFile(input)
	if twice {
		if err := owners.readFile(path); err != nil {
			return err
		}
	}
	env.owners = owners
	s, err := newService(ctx, c, env, nil)
	if err != nil {
		return err
	}
	defer s.close()
	skipped := 0
	err = s.run(ctx, func(ctx context.Context, out chan<- watch.Event) error {
		bad := func(line int, err error) {
			skipped++
			s.log.Error("skipped a line that is not an event of a pod", "file", path, "line", line, "error", err)
		}
		return recording.ReplayObjects(ctx, input, out, bad, func(o *recording.OwnerObject) {
			if !twice {
				owners.add(o)
			}
		})
	})
	if err == nil && skipped > 0 {
		return fmt.Errorf("replay %s: invalid events: %d", path, skipped)
	}
	return err
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

// isFile reports whether the input can be read twice, which a pipe can't.
func isFile(input io.Reader) bool {
	f, ok := input.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}
