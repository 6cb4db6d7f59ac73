// Package develop runs a plugin while its author changes it: it plays records through the plugin,
// shows them beside the plugin's patches and log, and plays them again when the plugin's file
// changes.
package develop

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"time"
)

// Settings are a plugin in development.
type Settings struct {
	// File is the executable of the plugin.
	File string
	// Play starts the plugin and writes records with its patches, as JSON lines, to stdout. It
	// returns at the end of the records, or when ctx ends. log is for the plugin and for events
	// in its life.
	Play func(ctx context.Context, stdout *os.File, log *slog.Logger) error
	// Prefix returns the beginning of the keys of the plugin's attributes, once Play has begun
	// to write records.
	Prefix func() string
	// Output is for people. Its lines have at most Width columns.
	Output io.Writer
	Width  int
	// Level is the minimum level of lines of the log.
	Level slog.Level
}

// Run plays the records, and plays them again after each change of the plugin's file, until ctx
// ends. If the file is a script, the files beside it with the same extension count, too.
func Run(ctx context.Context, s Settings) {
	v := newView(s.Output, s.Width, s.Prefix)
	for ctx.Err() == nil {
		files := look(s.File)
		playing, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			defer close(ended)
			ended <- s.play(playing, v)
		}()
		changed := s.await(ctx, files, ended, v)
		stop()
		for range ended { // until the play has ended
		}
		if changed != "" {
			v.note(changed + " has changed: starting anew")
		}
	}
}

// await returns the name of a file that has changed, or "" when ctx ends. It notes meanwhile if
// the play ends.
func (s *Settings) await(ctx context.Context, files snapshot, ended <-chan error, v *view) (changed string) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	last := files
	for {
		select {
		case <-ctx.Done():
			return ""
		case err := <-ended:
			v.note(outcome(err) + "; waiting for a change of " + s.File + ", Ctrl-C ends")
			ended = nil
		case <-ticker.C:
			now := look(s.File)
			if changed := now.differenceFrom(files); changed != "" && now.differenceFrom(last) == "" { // written to the end
				return changed
			}
			last = now
		}
	}
}

func outcome(err error) string {
	if err != nil {
		return err.Error()
	}
	return "no more records"
}

// play plays the records once.
func (s *Settings) play(ctx context.Context, v *view) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadBytes('\n')
			if len(line) > 0 {
				v.record(line)
			}
			if err != nil {
				return
			}
		}
	}()
	err = s.Play(ctx, w, slog.New(handler{view: v, level: s.Level}))
	_ = w.Close()
	<-shown
	_ = r.Close()
	return err
}
