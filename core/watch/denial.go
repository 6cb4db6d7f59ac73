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

// right returns the denial of a verb to the stream.
func (s *Stream) right(verb string) denial {
	return denial{verb, s.settings.Namespace, s.settings.Resource}
}

func (d denial) String() string {
	if d.namespace == "" {
		return fmt.Sprintf("may not %s %s in all namespaces", d.verb, d.resource)
	}
	return fmt.Sprintf("may not %s %s in namespace %s", d.verb, d.resource, d.namespace)
}

// remedy returns the RBAC rule that grants the right, and the role for it.
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

// notAccepted describes a 401.
const notAccepted = "the API server does not accept the credentials"

// noteDenial keeps the denied right until the next activity of the server.
func (s *Stream) noteDenial(e ending) {
	if !e.isDenial() {
		return
	}
	why := e.denied.String()
	if e.reason == ReasonUnauthorized {
		why = notAccepted
	}
	s.denied.Store(&why)
}

// Denied returns the last denial, such as "may not watch pods in namespace shop"; "" if
// the server has been active since. Safe for concurrent use.
func (s *Stream) Denied() string {
	if why := s.denied.Load(); why != nil {
		return *why
	}
	return ""
}

// CheckList requests a list of one object, and logs if that is forbidden. A stream
// begins with a streaming list if it can, for which API servers require the verb
// watch alone; that the verb list is missing should not show only later, when it is
// needed.
func (s *Stream) CheckList(ctx context.Context) {
	s.settings.Client.wait(ctx)
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	page, err := s.askList(ctx, metav1.ListOptions{Limit: 1})
	if err == nil {
		page.close() // unread: Run has the decoder
		return
	}
	if apierrors.IsForbidden(err) {
		s.logListDenied(ctx, err)
	}
}

func (s *Stream) logListDenied(ctx context.Context, err error) {
	d := s.right("list")
	s.settings.Logger.LogAttrs(ctx, slog.LevelWarn,
		d.String()+"; changes are still emitted, but a restored etcd or another cluster behind the address goes unnoticed, "+
			"and there is no fallback if streaming lists fail; "+d.remedy(),
		slog.String("verb", d.verb), slog.String("resource", s.name), slog.String("namespace", d.namespace),
		slog.String("error", err.Error()))
}
