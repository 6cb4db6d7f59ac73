package owner

import (
	"log/slog"
	"time"

	"k8s.io/client-go/rest"
)

// Defaults of [Settings].
const (
	DefaultTimeout        = 3 * time.Second
	DefaultRequestTimeout = 5 * time.Second
	DefaultRate           = 200
	DefaultBurst          = 500
	DefaultCacheSize      = 4096
	DefaultTTL            = time.Hour
	DefaultGoneTTL        = time.Minute
	DefaultForbiddenTTL   = 5 * time.Minute
	DefaultRetryAfter     = 5 * time.Second
)

// Settings of a [Finder]. Config is required, the rest has defaults.
type Settings struct {
	// Config is for the API server. It is not changed; its QPS, Burst and Timeout are
	// ignored.
	Config *rest.Config

	// The keys of an owner's labels and annotations that are kept.
	Labels, Annotations []string

	// Namespaces are those whose pods are looked up; empty: all. The owners of initial
	// pods are listed there.
	Namespaces []string

	// Timeout is how long Find waits for owners that are not in the cache. It waits for
	// half a second only if it has waited for longer, or in vain, too often; see share.go.
	Timeout time.Duration

	// RequestTimeout bounds one request.
	RequestTimeout time.Duration

	// Rate bounds the requests per second, Burst those that are made at once. A namespace
	// has a share of both; see share.go.
	Rate  float64
	Burst int

	// CacheSize is the number of workloads whose chains are kept, fewer if they are large.
	CacheSize int

	// The time until owners are looked up again: those that were found, those that are
	// missing, those that may not be read, and those for which the look-up failed. See
	// the head of cache.go.
	TTL, GoneTTL, ForbiddenTTL, RetryAfter time.Duration

	Logger *slog.Logger // nil = silent

	// OnLookup is called with the outcome of each look-up, one of [Outcomes]. It is
	// called concurrently, must not block, and must not call the Finder. nil = nothing.
	OnLookup func(outcome string)
}

func (s Settings) withDefaults() Settings {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.OnLookup == nil {
		s.OnLookup = func(string) {}
	}
	setDefault(&s.Timeout, DefaultTimeout)
	setDefault(&s.RequestTimeout, DefaultRequestTimeout)
	setDefault(&s.Rate, DefaultRate)
	setDefault(&s.Burst, DefaultBurst)
	setDefault(&s.CacheSize, DefaultCacheSize)
	setDefault(&s.TTL, DefaultTTL)
	setDefault(&s.GoneTTL, DefaultGoneTTL)
	setDefault(&s.ForbiddenTTL, DefaultForbiddenTTL)
	setDefault(&s.RetryAfter, DefaultRetryAfter)
	return s
}

func setDefault[T ~int | ~int64 | ~float64](v *T, fallback T) {
	if *v <= 0 {
		*v = fallback
	}
}
