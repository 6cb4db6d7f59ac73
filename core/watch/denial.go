package watch

import (
	"context"
	"fmt"
	"log/slog"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// denial is a right that the server denied. Its texts are for an administrator who
// may not know the program.
type denial struct {
	verb, namespace string
	resource        Resource
}

func (d denial) String() string {
	if d.namespace == "" {
		return fmt.Sprintf("may not %s %s in all namespaces", d.verb, d.resource)
	}
	return fmt.Sprintf("may not %s %s in namespace %s", d.verb, d.resource, d.namespace)
}

// remedy is the RBAC rule that gives the right, and where it belongs.
func (d denial) remedy() string {
	group := d.resource.GroupVersion.Group
	if group == "" {
		group = `""`
	}
	rule := fmt.Sprintf("{apiGroups: [%s], resources: [%s], verbs: [list, watch]}", group, d.resource.Plural)
	if d.namespace == "" {
		return "allow it with a ClusterRole: " + rule
	}
	return fmt.Sprintf("allow it with a Role in namespace %s: %s", d.namespace, rule)
}

// notAccepted is what there is to say of a 401.
const notAccepted = "the API server does not accept the credentials"

// deny notes why the server gives nothing, until it gives a sign of life.
func (r *session) deny(reason, verb string) {
	switch reason {
	case ReasonForbidden:
		r.setDenied(denial{verb, r.Namespace, r.Resource}.String())
	case ReasonUnauthorized:
		r.setDenied(notAccepted)
	}
}

func (s *Stream) setDenied(why string) { s.denied.Store(&why) }

// Denied returns what the server last denied, such as "may not watch pods in
// namespace shop"; "" where it has given a sign of life since. Safe for concurrent
// use.
func (s *Stream) Denied() string {
	if why := s.denied.Load(); why != nil {
		return *why
	}
	return ""
}

// CheckList asks for a list of one object, and logs where that is denied. A stream
// begins with a streaming list where it can, for which API servers want the verb
// watch alone; what list is for comes later, and should not be missed first then.
func (s *Stream) CheckList(ctx context.Context) {
	r := &session{Stream: s, Settings: s.settings}
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	page, err := r.list(ctx, metav1.ListOptions{Limit: 1})
	if err == nil {
		page.close() // unread: Run has the decoder
		return
	}
	if apierrors.IsForbidden(err) {
		r.logListDenied(ctx, err)
	}
}

func (r *session) logListDenied(ctx context.Context, err error) {
	d := denial{"list", r.Namespace, r.Resource}
	r.Logger.LogAttrs(ctx, slog.LevelWarn, d.String()+"; changes are told, but not found out is whether etcd was restored or another cluster "+
		"is behind the address, and where streaming lists fail there is nothing else; "+d.remedy(),
		slog.String("verb", d.verb), slog.String("resource", r.name), slog.String("namespace", r.Namespace), slog.String("error", err.Error()))
}
