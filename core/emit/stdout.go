package emit

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Format turns a record into a line.
type Format interface {
	// Append appends the line for r, newline included, to b. It keeps nothing of r.
	Append(b []byte, r Record) []byte
}

// Stdout is where an [Emitter] writes lines, and their format. Use [NewStdout].
type Stdout struct {
	w       io.Writer
	format  Format
	onError func(error)
}

// NewStdout returns a Stdout that writes to w. onError is called with the error of
// each failed write; the lines are then written again.
func NewStdout(w io.Writer, format Format, onError func(error)) *Stdout {
	return &Stdout{w: w, format: format, onError: onError}
}

// write writes lines, in one write if the writer takes them. It blocks as long as
// the writer does. A failed write is retried until ctx ends, from where it stopped,
// so that no line is lost, duplicated or torn.
func (s *Stdout) write(ctx context.Context, lines []byte) error {
	pause := backoff.NewExponentialBackOff()
	pause.MaxInterval = 5 * time.Second
	for len(lines) > 0 {
		n, err := s.w.Write(lines)
		lines = lines[n:]
		if err == nil && n > 0 {
			continue
		}
		if err == nil { // against the rules of io.Writer; without a pause this would loop forever
			err = io.ErrShortWrite
		}
		s.onError(err)
		if n > 0 {
			pause.Reset()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("write records: %w", err)
		case <-time.After(pause.NextBackOff()):
		}
	}
	return nil
}
