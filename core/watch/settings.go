package watch

import (
	"log/slog"
	"time"
)

// Defaults of [Settings].
const (
	DefaultBackoffInitial  = 800 * time.Millisecond
	DefaultBackoffMax      = 30 * time.Second
	DefaultWatchTimeoutMin = 300 * time.Second
	DefaultWatchTimeoutMax = 600 * time.Second
	DefaultPageSize        = 500
	DefaultSilence         = 100 * time.Second
)

// Settings of a [Stream]. Client is required, the rest has defaults.
type Settings struct {
	Client        *Client
	Resource      Resource // zero = Pods()
	Namespace     string   // "" = all
	LabelSelector string   // "" = every object
	FieldSelector string   // likewise

	Logger *slog.Logger // nil = silent

	// Since is the time at which the checkpoint that Run begins with was stored, for
	// the length of a gap. Zero = unknown.
	Since time.Time

	// Known reports whether this version of the object (uid and resourceVersion) is
	// the one that was stored last. Before the first event of a Run that begins with
	// a checkpoint it is called, from Run, with objects that have not changed since:
	// if one is not known, the checkpoint is of another history, and the full list is
	// read. nil = every object is known.
	Known func(Object) bool

	// Optional is whether the reader can do without the objects: a missing right is then
	// logged once, as a warning.
	Optional bool

	// OnRestart is called from Run with the reason, one of [Reasons], each time a
	// request has ended and another one follows. It must not block. nil = nothing.
	OnRestart func(reason string)

	// Compare has a resumed Run begin with a full list, as over a gap: a list was
	// under way when the checkpoint was stored, or the selector was another one.
	Compare bool

	// OnGap is called from Run with each gap, after the complete list that ends it was
	// sent. It must not block. nil = nothing.
	OnGap func(Gap)

	// The pause before the next request grows from BackoffInitial to BackoffMax, each
	// time by half, plus or minus half of it at random. Live events and bookmarks reset
	// it.
	BackoffInitial, BackoffMax time.Duration

	// The server is asked to end a watch after a random time between these, in whole
	// seconds, so that many watchers don't come back at once.
	WatchTimeoutMin, WatchTimeoutMax time.Duration

	// PageSize bounds the objects of a page if the list is read in pages.
	PageSize int64

	// Silence is how long a server may send nothing before the request is given up. API
	// servers send a bookmark about every minute.
	Silence time.Duration
}

func (s Settings) withDefaults() Settings {
	if s.Resource.NewDecoder == nil {
		s.Resource = Pods()
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.OnRestart == nil {
		s.OnRestart = func(string) {}
	}
	if s.OnGap == nil {
		s.OnGap = func(Gap) {}
	}
	setDefault(&s.BackoffInitial, DefaultBackoffInitial)
	setDefault(&s.BackoffMax, max(DefaultBackoffMax, s.BackoffInitial))
	setDefault(&s.WatchTimeoutMin, DefaultWatchTimeoutMin)
	setDefault(&s.WatchTimeoutMax, max(DefaultWatchTimeoutMax, s.WatchTimeoutMin))
	setDefault(&s.PageSize, DefaultPageSize)
	setDefault(&s.Silence, DefaultSilence)
	return s
}

func setDefault[T ~int64](v *T, fallback T) {
	if *v <= 0 {
		*v = fallback
	}
}
