package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// An API server accepts any watch from a resourceVersion that is a number, even if
// the number is not of its own history. If the resourceVersion lies in its future, as
// after a restore of etcd, it stays silent; if the history is another one, it sends
// the events that followed there.
//
// The checkpoint is in doubt at the start from a stored one, and when a connection is back after
// trouble. Then the first watch that the server accepts is not read before a list has shown that
// the checkpoint holds. Asking for the watch first keeps lists away from a server that is in
// trouble itself: there is one list per recovery, not per retry.
const (
	// verifyLimit bounds how long a list may hold up the watch.
	verifyLimit = 10 * time.Second

	// listDeniedFor is how long no such list is requested after it was forbidden.
	listDeniedFor = time.Hour
)

var (
	errRewound   = errors.New("the server is behind the checkpoint")
	errRewritten = errors.New("the server has an unknown object from before the checkpoint")
)

// verification is due when the checkpoint is in doubt.
type verification struct {
	due         bool
	known       func(Object) bool // Settings.Known until the first event; nil: not called
	deniedUntil time.Time         // until then the list is taken for forbidden
}

func (v *verification) done() { v.due, v.known = false, nil }

// verify checks whether the checkpoint is one of this server's history. If the list
// fails, the watch continues without.
func (r *session) verify(ctx context.Context) error {
	v := &r.verification
	if !v.due || time.Now().Before(v.deniedUntil) {
		return nil
	}
	opts := metav1.ListOptions{Limit: 1}
	if v.known != nil {
		opts.Limit = r.PageSize
	}
	r.Client.wait(ctx)
	var unknown string
	rv, err := r.peek(ctx, opts, func(o Object) {
		if unknown == "" && r.shouldBeKnown(o) && !v.known(o) {
			meta := o.GetObjectMeta()
			unknown = fmt.Sprintf("%s/%s at %s", meta.GetNamespace(), meta.GetName(), meta.GetResourceVersion())
		}
	})
	if err != nil {
		r.unverified(ctx, err)
		return nil
	}
	v.done()
	if order, err := resourceversion.CompareResourceVersion(rv, r.checkpoint); err == nil && order < 0 {
		return fmt.Errorf("%w, at %s", errRewound, rv)
	}
	if unknown != "" {
		return fmt.Errorf("%w: %s", errRewritten, unknown)
	}
	return nil
}

// peek reads a page without sending its objects, and returns its resourceVersion.
func (r *session) peek(ctx context.Context, opts metav1.ListOptions, visit func(Object)) (rv string, err error) {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	page, err := r.askList(ctx, opts)
	if err != nil {
		return "", err
	}
	defer page.close()
	for object, err := range page.objects {
		if err != nil {
			return "", page.call.explain(err)
		}
		visit(object)
		r.memory.Put(object)
	}
	return page.meta().ResourceVersion, nil
}

// shouldBeKnown reports whether an object has not changed since the checkpoint, so
// that its version must be known.
func (r *session) shouldBeKnown(o Object) bool {
	if r.verification.known == nil {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(versionOf(o), r.checkpoint)
	return err == nil && order <= 0
}

// unverified decides whether to try again when the server next accepts a watch.
func (r *session) unverified(ctx context.Context, err error) {
	if apierrors.IsForbidden(err) {
		r.verification.done()
		r.verification.deniedUntil = time.Now().Add(listDeniedFor)
		r.logListDenied(ctx, err)
		return
	}
	r.Logger.LogAttrs(ctx, slog.LevelDebug, "the checkpoint could not be verified",
		slog.String("namespace", r.Namespace), slog.String("resource", r.name),
		slog.String("from", r.checkpoint), slog.String("error", err.Error()))
}

// castsDoubt reports whether a request that ended for this reason casts doubt on the
// checkpoint. In a cluster where nothing ever changes one watch after the other stays
// silent, so only some of those do.
func (r *session) castsDoubt(reason string) bool {
	if reason == ReasonStalled {
		return r.retry.silent%maxSilent == 1
	}
	return !r.retry.healthy(reason)
}
