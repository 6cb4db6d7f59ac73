package apiscript

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// maxSnapshots bounds the lists that can be continued at a time.
const maxSnapshots = 16

// serveList answers with a list or a page of it. All pages of a list show the same
// moment, so its entries are kept until the last one.
func (c *Collection) serveList(w http.ResponseWriter, q query) {
	list, cut, failure := c.page(q)
	if failure != nil {
		c.server.fail(w, q.media, failure)
		return
	}
	var body bytes.Buffer
	if err := c.server.codec.object(q.media, list, &body); err != nil {
		panic(fmt.Errorf("encode list: %w", err))
	}
	w.Header().Set("Content-Type", c.server.codec.contentType(q.media))
	if cut {
		_, _ = w.Write(body.Bytes()[:body.Len()/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body.Bytes()) // the client is gone then
}

// page takes the page that q asks for out of the list; cut reports whether the script
// wants its connection cut.
func (c *Collection) page(q query) (list runtime.Object, cut bool, failure *metav1.Status) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	l, from, failure := c.listed(q)
	if failure != nil {
		return nil, false, failure
	}
	to := len(l.all)
	if q.limit > 0 {
		to = min(to, from+q.limit)
	}
	list = c.resource.NewList()
	list.GetObjectKind().SetGroupVersionKind(c.resource.GroupVersion.WithKind(c.resource.Kind + "List"))
	about, err := meta.ListAccessor(list)
	if err := errors.Join(err, meta.SetList(list, itemsOf(l.all[from:to]))); err != nil {
		panic(fmt.Errorf("make list of %s: %w", c.resource.Plural, err)) // NewList is wrong
	}
	about.SetResourceVersion(formatRV(l.rv))
	if left := int64(len(l.all) - to); left > 0 {
		about.SetContinue(c.token(l, to))
		about.SetRemainingItemCount(&left)
	} else {
		delete(c.store.lists, l.number)
	}
	if n := c.faults.cutList; n >= 0 && n < to {
		c.faults.cutList, cut = -1, true
	}
	return list, cut, nil
}

// itemsOf returns objects without their kind, which the items of a list don't repeat.
func itemsOf(entries []*entry) []runtime.Object {
	items := make([]runtime.Object, len(entries))
	for i, e := range entries {
		items[i] = shallow(e.object)
		items[i].GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return items
}

// snapshot is the content of a list on all of its pages.
type snapshot struct {
	number int
	rv     uint64
	all    []*entry
}

// listed returns the list that q begins or continues, and the index of the page's first object.
func (c *Collection) listed(q query) (l snapshot, from int, failure *metav1.Status) {
	if q.token == "" {
		c.store.listed++
		return snapshot{c.store.listed, c.store.rv, c.store.snapshot(q.selection)}, 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(q.token)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %d", &l.number, &from)
	}
	if err != nil {
		return l, 0, badRequest(fmt.Errorf("continue key is not valid: %w", err))
	}
	l, ok := c.store.lists[l.number]
	if !ok || from > len(l.all) {
		const why = "The provided continue parameter is too old to display a consistent list result."
		st := apierrors.NewResourceExpired(why).Status()
		return l, 0, &st
	}
	return l, from, nil
}

// token keeps the list for the next page.
func (c *Collection) token(l snapshot, next int) string {
	c.store.lists[l.number] = l
	if len(c.store.lists) > maxSnapshots {
		delete(c.store.lists, slices.Min(slices.Collect(maps.Keys(c.store.lists))))
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", l.number, next))
}
