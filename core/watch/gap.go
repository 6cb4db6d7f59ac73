package watch

import (
	"context"
	"log/slog"
	"time"
)

// Gap is a span of time whose events were missed: all that is known of it is
// what the full list behind it shows.
type Gap struct {
	Reason string // one of [Reasons], or ReasonRewound
	// From and To are the ResourceVersions before and behind it. Where the server
	// was rewound, they are not of one history.
	From, To string
	Length   time.Duration // 0: nobody knows
	Pods     int           // of the list

	since time.Time
}

// ReasonRewound is why there is a [Gap] where the server does not have the
// history of the checkpoint: etcd was restored from a backup, or it is another
// cluster.
const ReasonRewound = "rewound"

// ReasonCompare is why there is a [Gap] where a list over one was not completed by
// the run before, or [Settings] say so otherwise.
const ReasonCompare = "compare"

// needList makes a full list due because events were missed.
func (r *session) needList(reason string) {
	r.relist = true
	if r.gap == nil {
		r.gap = &Gap{Reason: reason, From: r.checkpoint, since: r.current}
	}
	r.stuck, r.doubt = 0, false
	r.synced.Store(false)
}

func (r *session) logGap(ctx context.Context, attrs []slog.Attr) {
	attrs = append(attrs, slog.String("from", r.checkpoint))
	r.Logger.LogAttrs(ctx, slog.LevelInfo, "events were missed, reading the full list", attrs...)
}

// listed writes the one line that a complete list is worth, and tells of the gap
// that it closes.
func (r *session) listed(to string) {
	if r.gap == nil {
		r.Logger.Info("pods listed", "namespace", r.Namespace, "to", to, "pods", r.pods)
		return
	}
	gap := *r.gap
	gap.To, gap.Pods = to, r.pods
	args := []any{"reason", gap.Reason, "namespace", r.Namespace, "from", gap.From, "to", to, "pods", r.pods}
	if !gap.since.IsZero() {
		// Clocks are set back; a stored time has no other measure.
		gap.Length = max(0, time.Since(gap.since)).Round(time.Millisecond)
		args = append(args, "gap", gap.Length.String())
	}
	r.Logger.Warn("watch history was gone, the full list was compared", args...)
	r.gap = nil
	r.OnGap(gap)
}
