package watch

import (
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
)

// What [Settings] holds where nothing is given.
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
	Client        rest.Interface // see [NewClient]
	Namespace     string         // "" = all
	LabelSelector string         // "" = every pod

	Logger *slog.Logger // nil = silent

	// Of the run before, where Run is given a ResourceVersion to begin with:
	// Since is when that was stored; zero: nobody knows.
	Since time.Time
	// Known tells whether this very version of a pod was dealt with. nil: it can't
	// be told. It is called from Run, before the first watch.
	Known func(pod *corev1.Pod) bool
	// Compare says that a full list was under way: it is due again.
	Compare bool

	// OnGap is told of a span of time whose events were missed, once the full list
	// behind it was sent. It is called from Run and must not block. nil = nobody.
	OnGap func(Gap)

	// OnRestart is told why a request ended, each time that another one follows:
	// one of [Reasons]. It is called from Run and must not block. nil = nobody.
	OnRestart func(reason string)

	// The pause before the next request grows from BackoffInitial to BackoffMax,
	// each time by half and give or take half of itself. It starts over once
	// live events or bookmarks have come.
	BackoffInitial, BackoffMax time.Duration

	// The server is asked to end a watch after a random time between these, in
	// whole seconds, so that many watchers don't come back at once.
	WatchTimeoutMin, WatchTimeoutMax time.Duration

	// PageSize bounds the pods of a page where the list is read in pages.
	PageSize int64

	// Silence is how long a server may send nothing at all before the request is
	// given up. API servers send a bookmark about every minute.
	Silence time.Duration
}

func (s Settings) withDefaults() Settings {
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
