package watch

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxExpired paged lists in a row whose history ended before their last page
// make way for one without pages: a cluster that compacts faster than its list
// can be read leaves no other choice, whatever the memory.
const maxExpired = 2

// listPages reads the full list page by page, and holds one object of it at a time.
// All pages show the state at the first one's resourceVersion.
func (r *session) listPages(ctx context.Context) error {
	opts := metav1.ListOptions{Limit: r.PageSize}
	if r.expired >= maxExpired {
		opts.Limit = 0
	}
	for {
		page, err := r.listPage(ctx, opts)
		if err != nil {
			return err
		}
		if page.Continue == "" {
			return r.finishList(ctx, page.ResourceVersion)
		}
		opts.Continue = page.Continue
	}
}

// listPage reads a page, and sends its objects as they come.
func (r *session) listPage(ctx context.Context, opts metav1.ListOptions) (metav1.ListMeta, error) {
	page, err := r.list(ctx, opts)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	defer page.close()
	r.hear()
	if opts.Continue == "" {
		if err := r.startList(ctx); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	for object, err := range page.objects {
		if err != nil {
			return metav1.ListMeta{}, page.call.explain(err)
		}
		r.objects++
		if err := r.send(ctx, Present, object, versionOf(object)); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	return page.meta(), nil
}
