package gate

import (
	"context"
	"log/slog"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

// Settings of a [Gate].
type Settings struct {
	Logger *slog.Logger

	// ForbiddenTTL is how long a right is taken for missing at most.
	ForbiddenTTL time.Duration
}

// Gate decides which requests are made. Its methods are safe for concurrent use.
type Gate struct {
	denials  *denials
	breakers *breakers
}

// New returns a gate that lets every request pass.
func New(s Settings) *Gate { return &Gate{newDenials(s), newBreakers()} }

// Do makes a request of an API group that needs the right. The error is a [DeniedError] if
// the server denies the right or did so a short while ago; see also [Gate.DoAnyway].
func (g *Gate) Do(ctx context.Context, group string, needed Right, request func(context.Context) error) error {
	if err := g.denials.check(needed); err != nil {
		return err
	}
	err := g.DoAnyway(ctx, group, request)
	switch {
	case apierrors.IsForbidden(err):
		return g.denials.add(needed, err)
	case err == nil, apierrors.IsNotFound(err): // without the right it would be forbidden
		g.denials.forget(needed)
	}
	return err
}

// DoAnyway makes a request of an API group whatever rights are missing. The error is a
// [PausedError] if the server asks for a pause or did so a short while ago.
func (g *Gate) DoAnyway(ctx context.Context, group string, request func(context.Context) error) error {
	if err := g.breakers.check(group); err != nil {
		return err
	}
	ctx = transport.WithRetryAfter(ctx)
	return g.breakers.note(ctx, group, request(ctx))
}

// newLRU returns a cache that is not safe for concurrent use.
func newLRU[K comparable, V any](size int) *simplelru.LRU[K, V] {
	lru, _ := simplelru.NewLRU[K, V](size, nil) // fails only for sizes below 1
	return lru
}
