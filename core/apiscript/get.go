package apiscript

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// finder finds the answer to a get.
type finder func(*owners, *http.Request) (runtime.Object, *metav1.Status)

// serveGet answers with the object that find returns under the server's mutex.
func (s *Server) serveGet(verb string, find finder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.serving.Done()
		if !s.waitForGet(r, verb) {
			return
		}
		m := s.negotiate(r.Header.Get("Accept"))
		obj, failure := s.found(find, r)
		if failure != nil {
			s.fail(w, m, failure)
			return
		}
		var body bytes.Buffer
		if err := s.codec.object(m, obj, &body); err != nil {
			panic(fmt.Errorf("encode %T: %w", obj, err))
		}
		w.Header().Set("Content-Type", s.codec.contentType(m))
		_, _ = w.Write(body.Bytes()) // the client is gone then
	}
}

// waitForGet records the request and waits as scripted. It returns false if the
// client has left.
func (s *Server) waitForGet(r *http.Request, verb string) bool {
	s.mu.Lock()
	s.record(r, verb, r.PathValue("namespace"))
	hang, delay := s.hang, s.owners.delay
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return false
		}
	}
	if delay <= 0 {
		return true
	}
	select {
	case <-time.After(delay):
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *Server) found(find finder, r *http.Request) (runtime.Object, *metav1.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.owners.failure; code != 0 {
		return nil, failedGet(code, "scripted failure")
	}
	return find(&s.owners, r)
}

// get returns the owner that the request names.
func (o *owners) get(r *http.Request) (runtime.Object, *metav1.Status) {
	at := address{groupVersionOf(r), r.PathValue("resource"), r.PathValue("namespace"), r.PathValue("name")}
	of := schema.GroupResource{Group: at.groupVersion.Group, Resource: at.resource}
	if o.forbidden[at.resource] {
		return nil, forbidden(of, at)
	}
	meta := o.objects[at]
	if meta == nil {
		st := apierrors.NewNotFound(of, at.name).Status()
		return nil, &st
	}
	meta = meta.DeepCopy()
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata") {
		meta.APIVersion, meta.Kind = metav1.SchemeGroupVersion.String(), "PartialObjectMetadata"
	}
	return meta, nil
}

// discover returns the discovery document of a group's version.
func (o *owners) discover(r *http.Request) (runtime.Object, *metav1.Status) {
	gv := groupVersionOf(r)
	if o.kinds[gv] == nil {
		return nil, notServed()
	}
	list := &metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"}, GroupVersion: gv.String(),
	}
	for _, name := range slices.Sorted(maps.Keys(o.kinds[gv])) {
		list.APIResources = append(list.APIResources, o.kinds[gv][name])
	}
	return list, nil
}
