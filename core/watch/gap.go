package watch

import (
	"context"
	"log/slog"
	"time"
)

// Gap is a span of time whose events are lost: between From and To objects may have
// changed, come and gone without an event, and the full list that ended the gap has
// their state since.
type Gap struct {
	// Reason is why the list had to be read: one of [GapReasons].
	Reason string

	From, To string // the checkpoint before the gap, and the one of the list

	// Length is the time from the server's last activity ([Stream.LastActivity], and
	// before that Settings.Since) to the beginning of the list, in whole milliseconds.
	// 0 also means unknown.
	Length time.Duration

	Objects int // of the list
}

// ReasonCompare is the reason of a [Gap] that [Settings] asked for. No request ends
// for it.
const ReasonCompare = "compare"

// GapReasons returns every reason of a [Gap], so that a metric can begin with zeros.
func GapReasons() []string {
	return []string{ReasonExpired, ReasonTooLarge, ReasonInvalid, ReasonRewound, ReasonRewritten, ReasonCompare}
}

// needList makes a full list due because events were missed. Until one is complete
// that is one gap, whatever else happens.
func (r *session) needList(reason string) {
	r.list.due = true
	r.retry.tooLarge, r.retry.silent = 0, 0
	r.synced.Store(false)
	if r.list.gap == nil {
		r.list.gap = &Gap{Reason: reason, From: r.checkpoint}
		r.list.lost = r.lostSince()
	}
}

// lostSince returns since when events may have been missed; zero is unknown.
func (r *session) lostSince() time.Time {
	if at := r.LastActivity(); !at.IsZero() {
		return at
	}
	return r.Since
}

// reportList logs a complete list in one line, and reports the gap that it has ended,
// if any.
func (r *session) reportList(ctx context.Context, to string) {
	attrs := []slog.Attr{
		slog.String("namespace", r.Namespace), slog.String("from", r.checkpoint), slog.String("to", to),
		slog.Int(r.Resource.Plural, r.list.objects),
	}
	if !r.isPods() {
		attrs = append(attrs, slog.String("resource", r.name))
	}
	if r.list.gap == nil {
		r.Logger.LogAttrs(ctx, slog.LevelInfo, r.name+" listed", attrs...)
		return
	}
	gap := *r.list.gap
	gap.To, gap.Objects = to, r.list.objects
	attrs = append(attrs, slog.String("reason", gap.Reason))
	if !r.list.lost.IsZero() {
		gap.Length = max(0, r.list.began.Sub(r.list.lost)).Round(time.Millisecond) // clocks can step back
		attrs = append(attrs, slog.String("gap", gap.Length.String()))
	}
	msg := "watch history was gone, the full list was compared"
	if gap.Reason == ReasonCompare {
		msg = "the full list was compared"
	}
	r.Logger.LogAttrs(ctx, slog.LevelWarn, msg, attrs...)
	r.OnGap(gap)
}

// logGap logs the beginning of a gap in one line.
func (r *session) logGap(ctx context.Context, attrs []slog.Attr) {
	attrs = append(attrs, slog.String("from", r.checkpoint))
	r.Logger.LogAttrs(ctx, slog.LevelInfo, "events were missed, reading the full list", attrs...)
}
