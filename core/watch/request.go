package watch

import (
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// get prepares a request for the objects of the stream. The hidden retries of
// [rest.Request] are switched off: it would wait, up to ten times, without a trace in
// logs and metrics.
func (s *Stream) get(opts *metav1.ListOptions) *rest.Request {
	set := &s.settings
	opts.LabelSelector, opts.FieldSelector = set.LabelSelector, set.FieldSelector
	return set.Client.Get().
		AbsPath(set.Resource.path()...).
		NamespaceIfScoped(set.Namespace, set.Namespace != "").
		Resource(set.Resource.Plural).
		SpecificallyVersionedParams(opts, metav1.ParameterCodec, metav1.SchemeGroupVersion).
		MaxRetries(0)
}

// watchOptions resumes from the checkpoint, or asks for a streaming list.
func (r *session) watchOptions() *metav1.ListOptions {
	timeout := r.WatchTimeoutMin
	if span := r.WatchTimeoutMax - r.WatchTimeoutMin; span > 0 {
		timeout += rand.N(span) //nolint:gosec // spreads load, keeps no secret
	}
	seconds := max(1, int64(timeout/time.Second))
	opts := &metav1.ListOptions{Watch: true, AllowWatchBookmarks: true, TimeoutSeconds: &seconds}
	if !r.list.due {
		opts.ResourceVersion = r.checkpoint
		return opts
	}
	yes := true
	opts.SendInitialEvents = &yes
	opts.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	return opts
}
