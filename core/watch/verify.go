package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
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
	errRewritten = errors.New("the server has a pod from before the checkpoint that was never seen")
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
	page, err := r.page(ctx, opts, min(verifyLimit, r.Silence))
	if err != nil {
		r.unverified(ctx, err)
		return nil
	}
	known := r.known
	r.doubt, r.known = false, nil
	if order, err := resourceversion.CompareResourceVersion(page.ResourceVersion, r.checkpoint); err == nil && order < 0 {
		return fmt.Errorf("%w, at %s", errRewound, page.ResourceVersion)
	}
	if pod := stranger(page.Items, r.checkpoint, known); pod != nil {
		return fmt.Errorf("%w: %s/%s at %s", errRewritten, pod.Namespace, pod.Name, pod.ResourceVersion)
	}
	return nil
}

// unverified decides whether to ask again when a watch is next taken up.
func (r *session) unverified(ctx context.Context, err error) {
	if apierrors.IsForbidden(err) {
		r.doubt, r.known, r.listDenied = false, nil, time.Now().Add(listDeniedFor)
		r.logListDenied(ctx, err)
		return
	}
	r.Logger.LogAttrs(ctx, slog.LevelDebug, "the checkpoint could not be verified",
		slog.String("namespace", r.Namespace), slog.String("from", r.checkpoint), slog.String("error", err.Error()))
}

// stranger returns a pod that should be known, as it has not changed since the
// checkpoint, and is not.
func stranger(pods []corev1.Pod, checkpoint string, known func(*corev1.Pod) bool) *corev1.Pod {
	if known == nil {
		return nil
	}
	for i := range pods {
		order, err := resourceversion.CompareResourceVersion(pods[i].ResourceVersion, checkpoint)
		if err == nil && order <= 0 && !known(&pods[i]) {
			return &pods[i]
		}
	}
	return nil
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
