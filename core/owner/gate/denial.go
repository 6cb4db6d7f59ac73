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

// Right is the right to get a resource in a namespace. The zero value is the right to
// read discovery documents, which every server grants everybody by default.
type Right struct{ Group, Resource, Namespace string }

// String returns the name of the resource.
func (r Right) String() string {
	switch {
	case r.Resource == "":
		return "discovery documents"
	case r.Group == "":
		return r.Resource
	}
	return r.Resource + "." + r.Group
}

// anywhere returns the right without its namespace.
func (r Right) anywhere() Right { return Right{Group: r.Group, Resource: r.Resource} }

// Rule returns the RBAC rule that grants these verbs.
func (r Right) Rule(verbs string) string {
	if r.Resource == "" {
		return "{nonResourceURLs: [/api/*, /apis/*], verbs: [get]}"
	}
	group := r.Group
	if group == "" {
		group = `""`
	}
	return fmt.Sprintf("{apiGroups: [%s], resources: [%s], verbs: [%s]}", group, r.Resource, verbs)
}

// DeniedError reports that a right is missing.
type DeniedError struct {
	Until time.Time // it is tried again

	right Right
}

func (e *DeniedError) Error() string { return "may not get " + e.right.String() }

// denials are the rights that the server denied.
type denials struct {
	logger *slog.Logger
	ttl    time.Duration

	mu      sync.Mutex
	known   *simplelru.LRU[Right, denial]
	outages map[Right]*ratelog.Outage // by right without its namespace
}

func newDenials(s Settings) *denials {
	return &denials{
		logger: s.Logger, ttl: s.ForbiddenTTL,
		known: newLRU[Right, denial](maxDenials), outages: map[Right]*ratelog.Outage{},
	}
}

// check returns an error if the right was denied lately.
func (d *denials) check(r Right) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.known.Get(r); ok && time.Now().Before(known.until) {
		return &DeniedError{known.until, r}
	}
	return nil
}

// forget is called when the server granted the right.
func (d *denials) forget(r Right) {
	d.mu.Lock()
	denied := d.known.Remove(r)
	outage := d.outages[r.anywhere()]
	if denied {
		delete(d.outages, r.anywhere()) // the next denial is logged at once
	}
	d.mu.Unlock()
	if denied && outage != nil {
		outage.Recover("namespace", r.Namespace)
	}
}

// add is called when the server denied the right with err.
func (d *denials) add(r Right, err error) error {
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
	return &DeniedError{until, r}
}

// outage returns the outage of a right in all namespaces. The mutex is held.
func (d *denials) outage(r Right) *ratelog.Outage {
	o := d.outages[r.anywhere()]
	if o == nil {
		o = ratelog.NewOutage(ratelog.Settings{
			Logger: d.logger, Level: slog.LevelWarn, Every: denialEvery,
			Failing: fmt.Sprintf("owners: may not get %s; "+
				"the owner chains of pods end there; allow it with %s", r, r.Rule("get")),
			Recovered: fmt.Sprintf("owners: may get %s again", r),
		})
		d.outages[r.anywhere()] = o
	}
	return o
}
