package apiscript

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxSnapshots bounds the lists that can be continued at a time.
const maxSnapshots = 16

// serveList answers with a list or a page of it. All pages of a list show the
// same moment, which is why its entries are kept until the last one.
func (s *Server) serveList(w http.ResponseWriter, q query) {
	list, cut, failure := s.page(q)
	if failure != nil {
		s.fail(w, q.media, failure)
		return
	}
	var body bytes.Buffer
	if err := s.codec.object(q.media, list, &body); err != nil {
		panic(fmt.Errorf("encode list: %w", err))
	}
	w.Header().Set("Content-Type", s.codec.contentType(q.media))
	if cut {
		_, _ = w.Write(body.Bytes()[:body.Len()/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body.Bytes()) // the client is gone then
}

// page cuts the page that q asks for out of the list; cut says that the script
// wants it cut in another sense.
func (s *Server) page(q query) (list *corev1.PodList, cut bool, failure *metav1.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, from, failure := s.listed(q)
	if failure != nil {
		return nil, false, failure
	}
	to := len(l.all)
	if q.limit > 0 {
		to = min(to, from+q.limit)
	}
	list = &corev1.PodList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"},
		ListMeta: metav1.ListMeta{ResourceVersion: formatRV(l.rv)},
		Items:    make([]corev1.Pod, 0, to-from),
	}
	for _, e := range l.all[from:to] {
		item := *e.pod
		item.TypeMeta = metav1.TypeMeta{} // items of a list don't repeat it
		list.Items = append(list.Items, item)
	}
	if left := int64(len(l.all) - to); left > 0 {
		list.Continue, list.RemainingItemCount = s.token(l, to), &left
	} else {
		delete(s.store.lists, l.number)
	}
	if n := s.faults.cutList; n >= 0 && n < to {
		s.faults.cutList, cut = -1, true
	}
	return list, cut, nil
}

// snapshot is what a list shows, on all of its pages.
type snapshot struct {
	number int
	rv     uint64
	all    []*entry
}

// listed returns the list that q begins or continues, and where the page
// begins.
func (s *Server) listed(q query) (l snapshot, from int, failure *metav1.Status) {
	if q.token == "" {
		s.store.listed++
		return snapshot{s.store.listed, s.store.rv, s.store.snapshot(q.selection)}, 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(q.token)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %d", &l.number, &from)
	}
	if err != nil {
		return l, 0, badRequest(fmt.Errorf("continue key is not valid: %w", err))
	}
	l, ok := s.store.lists[l.number]
	if !ok || from > len(l.all) {
		st := apierrors.NewResourceExpired("The provided continue parameter is too old to display a consistent list result.").Status()
		return l, 0, &st
	}
	return l, from, nil
}

// token keeps the list for the next page.
func (s *Server) token(l snapshot, next int) string {
	s.store.lists[l.number] = l
	if len(s.store.lists) > maxSnapshots {
		delete(s.store.lists, slices.Min(slices.Collect(maps.Keys(s.store.lists))))
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", l.number, next))
}
