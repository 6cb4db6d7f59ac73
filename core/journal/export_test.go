package journal

import (
	"context"
	"time"
)

// NoSync makes a journal quick that no power is cut from.
func NoSync(o Options) Options {
	o.noSync = true
	return o
}

// CompactAbove makes a journal smaller from so many bytes on.
func CompactAbove(o Options, bytes int64) Options {
	o.compactAbove = bytes
	return o
}

// Fault calls f before every transaction, which fails with its error.
func Fault(o Options, f func() error) Options {
	o.fault = f
	return o
}

// FlushDelay makes a journal tell the disk of acknowledgements so late.
func FlushDelay(o Options, d time.Duration) Options {
	o.flushDelay = d
	return o
}

// Settle waits until the store has everything.
func (j *Journal) Settle(ctx context.Context) error {
	return j.await(ctx, func() (bool, error) { return j.saved == j.version, nil })
}

// Format is what a file of a version of the format begins with.
func Format(version uint32) []byte { return encodeFormat(version) }
