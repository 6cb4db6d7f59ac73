package watch

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// maxAsked is how often a server is asked where it stands, if it does not say.
const maxAsked = 10

// settle asks a server that is in doubt where it stands, before a watch is taken
// up again. An API server answers a watch from a resourceVersion of the future
// with silence, not with an error, and such is every checkpoint after etcd was
// restored from a backup; another cluster may even have the checkpoint in its
// history. Where the list is not allowed, or fails again and again, the watch just
// goes on.
func (r *session) settle(ctx context.Context) error {
	opts := metav1.ListOptions{Limit: 1}
	if r.resuming {
		opts.Limit = r.PageSize
	}
	page, err := r.page(ctx, opts)
	if apierrors.IsForbidden(err) {
		r.listForbidden = true
	} else if err != nil {
		r.asked++
		r.doubt = r.asked < maxAsked
		return err
	}
	r.doubt, r.asked = false, 0
	if err == nil && (r.behind(page.ResourceVersion) || r.resuming && r.foreign(page.Items)) {
		r.needList(ReasonRewound)
		r.logGap(ctx, r.describe(ReasonRewound, nil))
	}
	r.resuming = false
	return nil
}

// behind tells whether a server that has come to this resourceVersion stands
// before the checkpoint.
func (r *session) behind(resourceVersion string) bool {
	order, err := resourceversion.CompareResourceVersion(resourceVersion, r.checkpoint)
	return err == nil && order < 0
}

// foreign tells whether there is a pod that is not newer than the checkpoint and
// yet was not dealt with: that is another history.
func (r *session) foreign(pods []corev1.Pod) bool {
	for i := range pods {
		order, err := resourceversion.CompareResourceVersion(pods[i].ResourceVersion, r.checkpoint)
		if err == nil && order <= 0 && r.Known != nil && !r.Known(&pods[i]) {
			return true
		}
	}
	return false
}
