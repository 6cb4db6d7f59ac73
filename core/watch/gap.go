package watch

import (
	"context"
	"log/slog"
	"time"
)

// Gap is a span of a stream's time of which only the end is known: between From
// and To pods may have changed, come and gone unseen, and the full list that ended
// it tells how they are now.
type Gap struct {
	// Reason is why the list had to be read: one of [GapReasons].
	Reason string

	From, To string // the checkpoint before, and the one that the list gave

	// Length is the time from when the server was last heard ([Stream.Heard], and
	// before that Settings.Since) to when the list was begun, in whole
	// milliseconds. 0 also means unknown.
	Length time.Duration

	Objects int // of the list
}

// ReasonCompare is the reason of a [Gap] that [Settings] asked for: it is none for
// which a request ended.
const ReasonCompare = "compare"

// GapReasons returns every reason of a [Gap], so that a metric can begin with zeros.
func GapReasons() []string {
	return []string{ReasonExpired, ReasonTooLarge, ReasonInvalid, ReasonRewound, ReasonRewritten, ReasonCompare}
}

// needList makes a full list due because events were missed. Until one is
// complete that is one gap, whatever else happens.
func (r *session) needList(reason string) {
	r.relist = true
	r.stuck, r.stalls = 0, 0
	r.synced.Store(false)
	if r.gap == nil {
		r.gap = &Gap{Reason: reason, From: r.checkpoint}
		r.lost = r.lastHeard()
	}
}

// lastHeard returns since when events may have been missed; zero is unknown.
func (r *session) lastHeard() time.Time {
	if heard := r.Heard(); !heard.IsZero() {
		return heard
	}
	return r.Since
}

// tellListed writes the one line that a complete list is worth, and tells of the
// gap that it has ended, if any.
func (r *session) tellListed(ctx context.Context, to string) {
	attrs := []slog.Attr{
		slog.String("namespace", r.Namespace), slog.String("from", r.checkpoint), slog.String("to", to), slog.Int(r.Resource.Plural, r.objects),
	}
	if !r.isPods() {
		attrs = append(attrs, slog.String("resource", r.name))
	}
	if r.gap == nil {
		r.Logger.LogAttrs(ctx, slog.LevelInfo, r.name+" listed", attrs...)
		return
	}
	gap := *r.gap
	gap.To, gap.Objects = to, r.objects
	attrs = append(attrs, slog.String("reason", gap.Reason))
	if !r.lost.IsZero() {
		gap.Length = max(0, r.listed.Sub(r.lost)).Round(time.Millisecond) // clocks can step back
		attrs = append(attrs, slog.String("gap", gap.Length.String()))
	}
	if gap.Reason == ReasonCompare {
		r.Logger.LogAttrs(ctx, slog.LevelWarn, "the full list was compared", attrs...)
	} else {
		r.Logger.LogAttrs(ctx, slog.LevelWarn, "watch history was gone, the full list was compared", attrs...)
	}
	r.OnGap(gap)
}

// logGap writes the one line that it is worth to have found a gap.
func (r *session) logGap(ctx context.Context, attrs []slog.Attr) {
	attrs = append(attrs, slog.String("from", r.checkpoint))
	r.Logger.LogAttrs(ctx, slog.LevelInfo, "events were missed, reading the full list", attrs...)
}
