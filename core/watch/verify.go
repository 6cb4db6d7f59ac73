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

// An API server takes any watch from a resourceVersion that is a number, also
// where that says nothing of its own history: it stays silent where the
// resourceVersion lies in its future, as after a restore of etcd, and where the
// history is another one it tells what followed there.
//
// So whenever there is reason for doubt, at the start from a stored checkpoint and
// when a connection is back after trouble, the first watch that the server takes
// up is not read before a list has shown that the checkpoint holds. That the watch
// is asked for first keeps lists away from a server that is in trouble itself:
// there is one for a recovery, not for a retry.
const (
	// verifyLimit bounds how long a list may hold up the watch.
	verifyLimit = 10 * time.Second

	// listDeniedFor is for how long no such list is asked for where it is forbidden.
	listDeniedFor = time.Hour
)

var (
	errRewound   = errors.New("the server stands before the checkpoint")
	errRewritten = errors.New("the server has an object from before the checkpoint that was never seen")
)

// verify finds out whether the checkpoint is one of this server's history. Where
// that can't be found out the watch just goes on.
func (r *session) verify(ctx context.Context) error {
	if !r.doubt || time.Now().Before(r.listDenied) {
		return nil
	}
	opts := metav1.ListOptions{Limit: 1}
	if r.known != nil {
		opts.Limit = r.PageSize
	}
	var stranger string
	rv, err := r.look(ctx, opts, func(o Object) {
		if stranger == "" && r.strange(o) {
			meta := o.GetObjectMeta()
			stranger = fmt.Sprintf("%s/%s at %s", meta.GetNamespace(), meta.GetName(), meta.GetResourceVersion())
		}
	})
	if err != nil {
		r.unverified(ctx, err)
		return nil
	}
	r.doubt, r.known = false, nil
	if order, err := resourceversion.CompareResourceVersion(rv, r.checkpoint); err == nil && order < 0 {
		return fmt.Errorf("%w, at %s", errRewound, rv)
	}
	if stranger != "" {
		return fmt.Errorf("%w: %s", errRewritten, stranger)
	}
	return nil
}

// look reads a page, and returns its resourceVersion.
func (r *session) look(ctx context.Context, opts metav1.ListOptions, at func(Object)) (rv string, err error) {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	page, err := r.list(ctx, opts)
	if err != nil {
		return "", err
	}
	defer page.close()
	for object, err := range page.objects {
		if err != nil {
			return "", page.call.explain(err)
		}
		at(object)
		r.memory.Put(object)
	}
	return page.meta().ResourceVersion, nil
}

// unverified decides whether to ask again when a watch is next taken up.
func (r *session) unverified(ctx context.Context, err error) {
	if apierrors.IsForbidden(err) {
		r.doubt, r.known, r.listDenied = false, nil, time.Now().Add(listDeniedFor)
		r.logListDenied(ctx, err)
		return
	}
	r.Logger.LogAttrs(ctx, slog.LevelDebug, "the checkpoint could not be verified",
		slog.String("namespace", r.Namespace), slog.String("resource", r.name),
		slog.String("from", r.checkpoint), slog.String("error", err.Error()))
}

// strange reports whether an object should be known, as it has not changed since the
// checkpoint, and is not.
func (r *session) strange(o Object) bool {
	if r.known == nil {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(versionOf(o), r.checkpoint)
	return err == nil && order <= 0 && !r.known(o)
}

// doubtful reports whether a request that ended for this reason casts doubt on
// the checkpoint. Where nothing ever changes watches stay silent one after the
// other, so there not each of them does.
func (r *session) doubtful(reason string) bool {
	if reason == ReasonStalled {
		return r.stalls%maxStalls == 1
	}
	return !r.healthy(reason)
}
