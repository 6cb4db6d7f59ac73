package watch

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

// errStalled is the cause with which a silent request is cut.
var errStalled = errors.New("the server was silent for too long")

// waitError is the error of a request after which the server asked to wait.
type waitError struct {
	error

	wait time.Duration
}

func (e *waitError) Unwrap() error { return e.error }

// silence cuts a request that the server has not answered for too long. TCP alone
// would take many minutes to notice a lost peer, and never notices one that only
// keeps the connection open.
type silence struct {
	ctx    context.Context //nolint:containedctx // the request's own; ends with errStalled as its cause
	cancel context.CancelFunc
	limit  time.Duration
	timer  *time.Timer
}

// newSilence begins to count at once. The caller must call cancel in the end.
func newSilence(ctx context.Context, limit time.Duration) *silence {
	ctx, cut := context.WithCancelCause(transport.WithRetryAfter(ctx))
	timer := time.AfterFunc(limit, func() { cut(errStalled) })
	cancel := func() { timer.Stop(); cut(nil) }
	return &silence{ctx: ctx, cancel: cancel, limit: limit, timer: timer}
}

// expect restarts the count; pause stops it while the stream waits for its reader.
func (s *silence) expect() { s.timer.Reset(s.limit) }
func (s *silence) pause()  { s.timer.Stop() }

// explain returns errStalled if that is why the request ended with err: the transport's
// own error is just that of a cancelled context. If the server asked to wait, the error
// is a waitError.
func (s *silence) explain(err error) error {
	if errors.Is(context.Cause(s.ctx), errStalled) {
		return errStalled
	}
	if wait, ok := transport.RetryAfter(s.ctx, err); ok && err != nil {
		return &waitError{err, wait}
	}
	return err
}

// body is a response whose silence counts while it is read.
type body struct {
	io.ReadCloser
	call *silence
}

func (b body) Read(p []byte) (int, error) {
	b.call.expect()
	defer b.call.pause()
	return b.ReadCloser.Read(p)
}
