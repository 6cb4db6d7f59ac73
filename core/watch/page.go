package watch

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxExpired paged lists in a row whose history ended before their last page
// make way for one without pages: a cluster that compacts faster than its list
// can be read leaves no other choice, whatever the memory.
const maxExpired = 2

// listPages reads the full list page by page and holds one page at a time. All
// pages show the state at the first one's resourceVersion.
func (r *session) listPages(ctx context.Context) error {
	opts := metav1.ListOptions{Limit: r.PageSize}
	if r.expired >= maxExpired {
		opts.Limit = 0
	}
	for {
		page, err := r.page(ctx, opts, r.Silence)
		if err != nil {
			return err
		}
		r.hear()
		if opts.Continue == "" {
			if err := r.startList(ctx); err != nil {
				return err
			}
		}
		if err := r.sendPage(ctx, page); err != nil {
			return err
		}
		if page.Continue == "" {
			return r.finishList(ctx, page.ResourceVersion)
		}
		opts.Continue = page.Continue
	}
}

// page makes one list request, which may take as long as limit says.
func (r *session) page(ctx context.Context, opts metav1.ListOptions, limit time.Duration) (*corev1.PodList, error) {
	call := newSilence(ctx, limit)
	defer call.cancel()
	list := new(corev1.PodList)
	if err := r.get(&opts).Do(call.ctx).Into(list); err != nil {
		return nil, call.explain(err)
	}
	return list, nil
}

func (r *session) sendPage(ctx context.Context, page *corev1.PodList) error {
	for i := range page.Items {
		pod := &page.Items[i]
		r.pods++
		if err := r.send(ctx, Present, pod, pod.ResourceVersion); err != nil {
			return err
		}
	}
	return nil
}
