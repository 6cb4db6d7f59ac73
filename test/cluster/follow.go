package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A follower prints the history from etcd, from the first revision on, and continues with new
// changes, so it doesn't depend on later compactions. It survives etcd's crashes. If etcd has
// compacted changes that it hasn't read, it fails: it never skips a change silently.

const (
	// progressInterval is the interval of progress requests to etcd. The response means that no
	// earlier change follows.
	progressInterval = 100 * time.Millisecond
	// reconnectPause limits requests to an etcd that is down.
	reconnectPause = 100 * time.Millisecond
)

// bookmark is a line of the follower's output: all changes up to its revision have been
// printed.
type bookmark struct {
	Type            string `json:"type"`
	ResourceVersion string `json:"resource_version"`
}

// follower prints changes from the revision next on.
type follower struct {
	client  *clientv3.Client
	prefix  string
	encoder *json.Encoder
	next    int64
}

// follow prints all changes and bookmarks until ctx ends, which is no error.
func follow(ctx context.Context, dir, prefix string, out io.Writer) error {
	client, err := dial(dir)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	f := &follower{client: client, prefix: prefix, encoder: json.NewEncoder(out), next: 1}
	for {
		err := f.watch(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if fatal(err) {
			return err
		}
		fmt.Fprintln(os.Stderr, "cluster: follow from revision", f.next, "again:", err)
		if pause(ctx, reconnectPause) != nil {
			return nil
		}
	}
}

// fatal reports whether a change can no longer be read, or can't be printed.
func fatal(err error) bool {
	var lost *lostError
	return errors.As(err, &lost) || errors.Is(err, rpctypes.ErrCompacted)
}

// lostError is an error about a change that can't be printed.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// watch prints the changes of one watch, and returns the reason for its end. etcd ends it
// without a leader, so that it doesn't wait for one forever.
func (f *follower) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	responses := f.client.Watch(ctx, f.prefix, clientv3.WithPrefix(), clientv3.WithRev(f.next), clientv3.WithPrevKV())
	go f.askForProgress(ctx)
	for resp := range responses {
		if err := f.print(resp); err != nil {
			return err
		}
	}
	return errors.New("watch etcd: closed")
}

// askForProgress runs in a goroutine of its own, because requests block while etcd is down.
func (f *follower) askForProgress(ctx context.Context) {
	for pause(ctx, progressInterval) == nil {
		_ = f.client.RequestProgress(ctx) // the watch itself reports the error
	}
}

func (f *follower) print(resp clientv3.WatchResponse) error {
	if resp.CompactRevision > f.next {
		return &lostError{fmt.Errorf("watch etcd from revision %d: all before %d is compacted", f.next, resp.CompactRevision)}
	}
	if err := resp.Err(); err != nil {
		return fmt.Errorf("watch etcd: %w", err)
	}
	for _, ev := range resp.Events {
		c, err := newChange(ev)
		if err != nil {
			return &lostError{err}
		}
		if err := f.encoder.Encode(c); err != nil {
			return &lostError{err}
		}
		f.next = ev.Kv.ModRevision + 1
	}
	if !resp.IsProgressNotify() || resp.Header.Revision < f.next {
		return nil
	}
	f.next = resp.Header.Revision + 1
	if err := f.encoder.Encode(bookmark{"BOOKMARK", strconv.FormatInt(resp.Header.Revision, 10)}); err != nil {
		return &lostError{err}
	}
	return nil
}
