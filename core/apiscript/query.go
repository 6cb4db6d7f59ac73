package apiscript

import (
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// query is a request for a collection, parsed.
type query struct {
	selection
	watch       bool
	rv          uint64 // 0 = not given
	limit       int    // 0 = none
	token       string
	timeout     int // seconds, 0 = none
	bookmarks   bool
	initial     bool // sendInitialEvents
	media       media
	fromNothing bool // a plain watch without a resourceVersion begins with the objects that exist
}

func (c *Collection) parse(r *http.Request) (query, *metav1.Status) {
	v := r.URL.Query()
	q := query{
		selection: selection{resource: c.resource, namespace: r.PathValue("namespace")},
		watch:     isTrue(v.Get("watch")),
		token:     v.Get("continue"),
		bookmarks: isTrue(v.Get("allowWatchBookmarks")),
		initial:   isTrue(v.Get("sendInitialEvents")),
		media:     c.server.negotiate(r.Header.Get("Accept")),
	}
	var err error
	if q.labels, err = labels.Parse(v.Get("labelSelector")); err != nil {
		return q, badRequest(err)
	}
	if q.fields, err = fields.ParseSelector(v.Get("fieldSelector")); err != nil {
		return q, badRequest(err)
	}
	for name, to := range map[string]*int{"limit": &q.limit, "timeoutSeconds": &q.timeout} {
		if text := v.Get(name); text != "" {
			if *to, err = strconv.Atoi(text); err != nil {
				return q, badRequest(err)
			}
		}
	}
	if text := v.Get("resourceVersion"); text != "" {
		if q.rv, err = strconv.ParseUint(text, 10, 64); err != nil {
			return q, badVersion(q.watch, err)
		}
	}
	q.fromNothing = q.watch && !q.initial && q.rv == 0
	return q, nil
}

func isTrue(s string) bool { return s == "true" || s == "1" }
