package owner

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// What may not be read is not asked for again for a while, and is said once.
// Rights can be given by namespace, so they are missed by namespace too, but
// what is to be done about it is the same for all. Requests that were under way
// when the first was denied still end.
//
// An API server denies everything for a moment after its start, so the first
// denial counts for less time than those that follow it. Once the right is seen to
// be there, what was before is forgotten, and that is said, as is losing it again.

const (
	maxDenials  = 4096 // that are kept
	firstDenial = 30 * time.Second
)

// denial is until when a right is taken for missing, and for how long it was.
type denial struct {
	until time.Time
	span  time.Duration
}

// right is the right to get a resource in a namespace; the zero value is that to
// read discovery documents, which every server gives everybody by default.
type right struct{ group, resource, namespace string }

func (r right) String() string {
	switch {
	case r.resource == "":
		return "discovery documents"
	case r.group == "":
		return r.resource
	}
	return r.resource + "." + r.group
}

// anywhere is the right without its namespace.
func (r right) anywhere() right { return right{group: r.group, resource: r.resource} }

// rule is the RBAC rule that gives the right.
func (r right) rule() string {
	if r.resource == "" {
		return "{nonResourceURLs: [/api/*, /apis/*], verbs: [get]}"
	}
	group := r.group
	if group == "" {
		group = `""`
	}
	return fmt.Sprintf("{apiGroups: [%s], resources: [%s], verbs: [get]}", group, r.resource)
}

// forbiddenError says that a right is missing, and until when it is not tried
// again.
type forbiddenError struct {
	right right
	until time.Time
}

func (e *forbiddenError) Error() string { return "may not get " + e.right.String() }

// denials are the rights that the server denied.
type denials struct {
	logger *slog.Logger
	ttl    time.Duration

	mu    sync.Mutex
	known *simplelru.LRU[right, denial]
	said  map[right]bool // without namespaces
}

func newDenials(s Settings) *denials {
	return &denials{logger: s.Logger, ttl: s.ForbiddenTTL, known: newLRU[right, denial](maxDenials, nil), said: map[right]bool{}}
}

// check returns an error where the right was denied lately.
func (d *denials) check(r right) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.known.Get(r); ok && time.Now().Before(known.until) {
		return &forbiddenError{r, known.until}
	}
	return nil
}

// forget notes that the server granted the right.
func (d *denials) forget(r right) {
	d.mu.Lock()
	denied := d.known.Remove(r)
	if denied {
		delete(d.said, r.anywhere()) // so that it is said again where it is lost again
	}
	d.mu.Unlock()
	if denied {
		d.logger.Info("owners: may get "+r.String()+" again", "namespace", r.namespace)
	}
}

// add notes that the server denied the right with err.
func (d *denials) add(r right, err error) error {
	d.mu.Lock()
	span := min(firstDenial, d.ttl)
	if before, ok := d.known.Get(r); ok {
		span = min(2*before.span, d.ttl)
	}
	until := time.Now().Add(span)
	d.known.Add(r, denial{until, span})
	said := d.said[r.anywhere()]
	d.said[r.anywhere()] = true
	d.mu.Unlock()
	if !said {
		d.logger.Warn(fmt.Sprintf("owners: may not get %s; the owners of pods are not known beyond these; allow it with %s", r, r.rule()), "error", err)
	}
	return &forbiddenError{r, until}
}
