package apiscript

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ForbidOwnerLists answers every list of the resource's owners with 403, in whatever group
// it is, until it is called with false. Gets are still allowed.
func (s *Server) ForbidOwnerLists(resource string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners.unlisted[resource] = on
}

// list returns a page of the owners that the request selects, in the order of namespaces
// and names.
func (o *owners) list(r *http.Request) (runtime.Object, *metav1.Status) {
	of := groupVersionOf(r).WithResource(r.PathValue("resource"))
	namespace := r.PathValue("namespace")
	switch {
	case o.kinds[of.GroupVersion()][of.Resource].Name == "":
		return nil, notServed()
	case o.forbidden[of.Resource] || o.unlisted[of.Resource]:
		return nil, forbiddenVerb("list", of.GroupResource(), address{namespace: namespace})
	}
	from, limit := after(r.URL.Query().Get("continue")), len(o.objects)
	from.groupVersion, from.resource = of.GroupVersion(), of.Resource
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n > 0 {
		limit = n
	}
	list := &metav1.PartialObjectMetadataList{TypeMeta: o.listType(r, of)}
	all := o.sorted(of)
	begin, _ := slices.BinarySearchFunc(all, from, address.compare)
	for i, at := range all[begin:] {
		if namespace != "" && at.namespace != namespace || at == from {
			continue
		}
		if len(list.Items) == limit {
			list.Continue = token(all[begin+i-1])
			break
		}
		item := *o.objects[at]
		item.TypeMeta = metav1.TypeMeta{}
		list.Items = append(list.Items, item)
	}
	return list, nil
}

// listType returns the type of a list: of metadata if the client asks for it.
func (o *owners) listType(r *http.Request, of schema.GroupVersionResource) metav1.TypeMeta {
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		return metav1.TypeMeta{APIVersion: metav1.SchemeGroupVersion.String(), Kind: "PartialObjectMetadataList"}
	}
	kind := o.kinds[of.GroupVersion()][of.Resource].Kind
	return metav1.TypeMeta{APIVersion: of.GroupVersion().String(), Kind: kind + "List"}
}

// sorted returns the places of a resource's owners, in order.
func (o *owners) sorted(of schema.GroupVersionResource) []address {
	if all, ok := o.order[of]; ok {
		return all
	}
	var all []address
	for at := range o.objects {
		if at.groupVersion == of.GroupVersion() && at.resource == of.Resource {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, address.compare)
	o.order[of] = all
	return all
}

func (a address) compare(b address) int {
	return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
}

// token is a continue token: the last object of a page.
func token(last address) string {
	return base64.RawURLEncoding.EncodeToString([]byte(last.namespace + "/" + last.name))
}

// after returns the place that a continue token names, the zero one for none.
func after(token string) address {
	text, _ := base64.RawURLEncoding.DecodeString(token)
	namespace, name, _ := strings.Cut(string(text), "/")
	return address{namespace: namespace, name: name}
}
