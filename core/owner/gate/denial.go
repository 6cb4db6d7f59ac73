package gate

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
)

// A request that the server has denied is not repeated for a while, and the missing
// right is logged. Rights can be granted by namespace, so they are missing by namespace
// too, but the remedy is the same for all, and so is the line in the log. Requests that
// were under way when the first was denied still end.
//
// An API server denies everything for a moment after its start, so the first denial
// counts for less time than those that follow it. Once the server grants the right,
// earlier denials are forgotten.

const (
	maxDenials  = 4096 // that are kept
	firstDenial = 30 * time.Second

	// denialEvery is how often a right is logged that stays missing.
	denialEvery = 24 * time.Hour
)

// denial is until when a right is taken for missing, and for how long it was.
type denial struct {
	until time.Time
	span  time.Duration
}

// right is the right to get a resource in a namespace. The zero value is the right to
// read discovery documents, which every server grants everybody by default.
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

// anywhere returns the right without its namespace.
func (r right) anywhere() right { return right{group: r.group, resource: r.resource} }

// rule returns the RBAC rule that grants the right.
func (r right) rule() string { return r.ruleFor("get") }

// ruleFor returns the RBAC rule that grants these verbs.
func (r right) ruleFor(verbs string) string {
	if r.resource == "" {
		return "{nonResourceURLs: [/api/*, /apis/*], verbs: [get]}"
	}
	group := r.group
	if group == "" {
		group = `""`
	}
	return fmt.Sprintf("{apiGroups: [%s], resources: [%s], verbs: [%s]}", group, r.resource, verbs)
}

// forbiddenError reports that a right is missing, and until when it is not tried again.
type forbiddenError struct {
	right right
	until time.Time
}

func (e *forbiddenError) Error() string { return "may not get " + e.right.String() }

// denials are the rights that the server denied.
type denials struct {
	logger *slog.Logger
	ttl    time.Duration

	mu      sync.Mutex
	known   *simplelru.LRU[right, denial]
	outages map[right]*ratelog.Outage // by right without its namespace
}

func newDenials(s Settings) *denials {
	return &denials{
		logger: s.Logger, ttl: s.ForbiddenTTL,
		known: newLRU[right, denial](maxDenials, nil), outages: map[right]*ratelog.Outage{},
	}
}

// check returns an error if the right was denied lately.
func (d *denials) check(r right) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.known.Get(r); ok && time.Now().Before(known.until) {
		return &forbiddenError{r, known.until}
	}
	return nil
}

// forget is called when the server granted the right.
func (d *denials) forget(r right) {
	d.mu.Lock()
	denied := d.known.Remove(r)
	outage := d.outages[r.anywhere()]
	if denied {
		delete(d.outages, r.anywhere()) // the next denial is logged at once
	}
	d.mu.Unlock()
	if denied && outage != nil {
		outage.Recover("namespace", r.namespace)
	}
}

// add is called when the server denied the right with err.
func (d *denials) add(r right, err error) error {
	d.mu.Lock()
	span := min(firstDenial, d.ttl)
	if before, ok := d.known.Get(r); ok {
		span = min(2*before.span, d.ttl)
	}
	until := time.Now().Add(span)
	d.known.Add(r, denial{until, span})
	outage := d.outage(r)
	d.mu.Unlock()
	outage.Fail(err)
	return &forbiddenError{r, until}
}

// outage returns the outage of a right in all namespaces. The mutex is held.
func (d *denials) outage(r right) *ratelog.Outage {
	o := d.outages[r.anywhere()]
	if o == nil {
		o = ratelog.NewOutage(ratelog.Settings{
			Logger: d.logger, Level: slog.LevelWarn, Every: denialEvery,
			Failing: fmt.Sprintf("owners: may not get %s; "+
				"the owner chains of pods end there; allow it with %s", r, r.rule()),
			Recovered: fmt.Sprintf("owners: may get %s again", r),
		})
		d.outages[r.anywhere()] = o
	}
	return o
}
