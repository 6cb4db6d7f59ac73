package emit

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// Format turns a record into what is written for it, newline included.
type Format interface {
	// Append appends r to b. It keeps nothing of r.
	Append(b []byte, r Record) []byte
}

// Stdout is the processor that writes records as lines. It holds them back until
// ForceFlush, so that a group of records is one write.
type Stdout struct {
	w      io.Writer
	format Format
	onErr  func(error)

	mu  sync.Mutex
	buf []byte // lines that are not written yet
}

var _ sdklog.Processor = (*Stdout)(nil)

// NewStdout returns a processor that writes to w. onErr is told of every failed
// write; what was not written is tried again.
func NewStdout(w io.Writer, format Format, onErr func(error)) *Stdout {
	return &Stdout{w: w, format: format, onErr: onErr}
}

// Enabled always returns true.
func (*Stdout) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

// OnEmit takes a record.
func (s *Stdout) OnEmit(ctx context.Context, r *sdklog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = s.format.Append(s.buf, Of(ctx, r))
	return nil
}

// Lines returns the lines that are held back, in the memory of the processor:
// valid until the next record or flush.
func (s *Stdout) Lines() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf
}

// Restore has lines of an earlier run written before all others.
func (s *Stdout) Restore(lines []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(slices.Clip(lines), s.buf...)
}

// maxKept is the capacity above which an emptied buffer is given back.
const maxKept = 1 << 20

// ForceFlush writes the lines that are held back. It blocks as long as the
// reader does, and where writing fails it tries again until ctx ends, going on
// in the middle of a line where it has to: no line is lost, doubled or torn.
func (s *Stdout) ForceFlush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := backoff.NewExponentialBackOff()
	pause.MaxInterval = 5 * time.Second
	for len(s.buf) > 0 {
		n, err := s.w.Write(s.buf)
		s.buf = s.buf[:copy(s.buf, s.buf[n:])]
		if err == nil && n > 0 {
			continue
		}
		if err == nil { // against the rules of io.Writer; don't go round for ever
			err = io.ErrShortWrite
		}
		s.onErr(err)
		if n > 0 {
			pause.Reset()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("write records: %w", err)
		case <-time.After(pause.NextBackOff()):
		}
	}
	if cap(s.buf) > maxKept {
		s.buf = nil
	}
	return nil
}

// Shutdown writes the lines that are held back.
func (s *Stdout) Shutdown(ctx context.Context) error { return s.ForceFlush(ctx) }
