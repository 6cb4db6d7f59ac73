package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/input"
)

// redraw is the time between two pictures, and between two looks for more in a file.
const redraw = time.Second

// clearScreen moves the cursor to the corner of the terminal and clears all after it.
const clearScreen = "\x1b[H\x1b[J"

// followTimeline redraws the picture while records come, until the last source ends or ctx does.
func followTimeline(
	ctx context.Context, s sources, b *timeline.Builder, f *timelineFlags, env Environment,
) error {
	if f.output != "term" {
		return config.Usage(fmt.Errorf("--follow draws on a terminal, not -o %s", f.output))
	}
	var mutex sync.Mutex
	done := make(chan error, 1)
	go func() {
		done <- s.tail(ctx, func(r *input.Record) error {
			mutex.Lock()
			defer mutex.Unlock()
			return b.Add(r)
		})
	}()
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	drawn := 0
	picture := func() error {
		mutex.Lock()
		n := b.Records()
		t := b.Build()
		mutex.Unlock()
		if n == drawn || len(t.Rollouts) == 0 {
			return nil
		}
		drawn = n
		return f.redraw(t, env)
	}
	for {
		select {
		case err := <-done:
			return errors.Join(picture(), err)
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := picture(); err != nil {
				return err
			}
		}
	}
}

// redraw replaces the picture on the terminal. Lines for which it has no room are counted.
func (f *timelineFlags) redraw(t *timeline.Timeline, env Environment) error {
	var b strings.Builder
	if err := f.draw(&b, t, env); err != nil {
		return err
	}
	picture := b.String()
	if !isTerminal(env.Stdout) {
		_, err := io.WriteString(env.Stdout, picture+"\n")
		return err
	}
	lines := strings.SplitAfter(picture, "\n")
	if _, height, err := term.GetSize(int(env.Stdout.Fd())); err == nil && len(lines) > height {
		left := max(height-2, 1)
		picture = strings.Join(lines[:left], "") + fmt.Sprintf("(%d more lines; see --pod and --bundle)", len(lines)-1-left)
	}
	_, err := io.WriteString(env.Stdout, clearScreen+picture)
	return err
}

// tail passes records to add, also those that are appended to files, until ctx ends. It returns earlier if stdin is the
// only source, and ends.
func (s sources) tail(ctx context.Context, add func(*input.Record) error) error {
	var group errgroup.Group
	for _, one := range s {
		group.Go(func() error {
			var from io.Reader = one
			if one.name != stdinName {
				from = &growing{ctx.Done(), one}
			}
			return input.NewReader(add).Read(one.name, from)
		})
	}
	return group.Wait()
}

// growing reads a file that others write. It waits for more at the end.
type growing struct {
	done <-chan struct{}
	file io.Reader
}

// Read implements [io.Reader].
func (g *growing) Read(p []byte) (int, error) {
	for {
		n, err := g.file.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		select {
		case <-g.done:
			return 0, io.EOF
		case <-time.After(redraw):
		}
	}
}
