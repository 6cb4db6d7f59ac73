package tracing

import (
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
)

// Attributes by which the built-in plugin names a bundle.
const (
	attrBundle  = "bundle.id"
	attrName    = "bundle.name"
	attrVersion = "bundle.version"
)

// identity is the version of the bundle that a pod belongs to. The zero value: it isn't known yet.
type identity struct {
	known                 bool
	trace                 trace.TraceID // zero: a pod of its own
	parent                trace.SpanID
	bundle, name, version string
}

// Identify reads from an enriched record which rollout its pod belongs to, and gives the record the context of the
// pod's start. Records about other objects are not in it.
func (t *Tracker) Identify(r *record.Record) {
	if r.Pod == nil || r.Pod.UID == "" || r.Object != nil {
		return
	}
	id, ok := t.identities[r.Pod]
	if !ok {
		id = identityOf(r)
		t.identities[r.Pod] = id
	}
	if id.trace.IsValid() {
		r.SpanContext = contextOf(id.trace, span.PodID(id.trace, r.Pod.UID))
	}
}

func identityOf(r *record.Record) identity {
	var id identity
	for _, kv := range r.Attributes {
		switch kv.Key {
		case attrBundle:
			id.bundle = kv.Value.AsString()
		case attrName:
			id.name = kv.Value.AsString()
		case attrVersion:
			id.version = kv.Value.AsString()
		}
	}
	switch pending := r.Pod.Owners != nil && r.Pod.Owners.Pending; {
	case r.SpanContext.IsValid():
		id.known, id.trace = true, r.SpanContext.TraceID()
		if given := r.SpanContext.SpanID(); given != span.PodID(id.trace, r.Pod.UID) {
			id.parent = given
		}
	case pending:
		return identity{}
	case id.bundle != "":
		id.known, id.trace = true, span.VersionTrace(id.bundle, id.version)
	default:
		return workloadIdentity(r.Pod)
	}
	if id.bundle == "" { // only a trace context was given
		w := workloadIdentity(r.Pod)
		id.bundle, id.name, id.version = w.bundle, w.name, w.version
	}
	return id
}

// workloadIdentity lets the workload of a pod without a bundle take its place.
func workloadIdentity(p *record.Pod) identity {
	if p.Controller.Name == "" {
		return identity{known: true}
	}
	kind, name := p.Controller.Kind, p.Controller.Name
	version := ""
	for _, key := range [...]string{"pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"} {
		for label, value := range p.Labels.All() {
			if label == key && version == "" {
				version = value
			}
		}
	}
	if p.Workload.Deployment != "" {
		kind, name = "Deployment", p.Workload.Deployment
	}
	bundle := "workload/" + p.Namespace + "/" + kind + "/" + name
	return identity{known: true, trace: span.VersionTrace(bundle, version), bundle: bundle, name: name, version: version}
}

func contextOf(t trace.TraceID, id trace.SpanID) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: t, SpanID: id, TraceFlags: trace.FlagsSampled, Remote: true,
	})
}
