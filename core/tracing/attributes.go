package tracing

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/span/podspan"
)

// about returns a span about a rollout, from its start.
func (t *Tracker) about(r *rollout, name string) span.Span {
	s := span.Span{
		Trace: trace.TraceID(r.Trace), Name: strings.TrimSpace(name), Start: r.Started, Resource: t.resource(nil),
	}
	s.Attributes = add(s.Attributes,
		"cicd.pipeline.name", r.Bundle, "cicd.pipeline.run.id", s.Trace.String(), "cicd.pipeline.action.name", "SYNC",
		attrBundle, r.Bundle, attrName, r.Name, attrVersion, r.Version, "service.version", r.Version,
		"deployment.id", s.Trace.String(), "deployment.name", r.Name)
	if isCommit(r.Version) {
		s.Attributes = add(s.Attributes, "vcs.ref.head.revision", r.Version)
	}
	return s
}

func resultOf(r *rollout, result string) []attribute.KeyValue {
	status := "failed"
	if result == success {
		status = "succeeded"
	}
	return []attribute.KeyValue{
		attribute.String("cicd.pipeline.result", result),
		attribute.String("deployment.status", status),
		attribute.Int("podstatus.rollout.pods.seen", r.Seen),
		attribute.Int("podstatus.rollout.pods.ready", r.Ready),
		attribute.Int("podstatus.rollout.pods.failed", r.Failed),
	}
}

// ofPod returns a span about a pod.
func (t *Tracker) ofPod(l *life, name string) span.Span {
	return span.Span{Name: name, Resource: t.resource(l)}
}

// resource returns the attributes of the resource of spans: that of a pod, or of none.
func (t *Tracker) resource(l *life) []attribute.KeyValue {
	list := add(nil, record.AttrServiceName, t.set.Service, record.AttrCluster, t.set.Cluster)
	if l == nil {
		return list
	}
	return add(list, record.AttrPodName, l.Name, record.AttrNamespace, l.Namespace, record.AttrPodUID, l.UID,
		record.AttrNode, l.Node)
}

func phaseAttributes(p *podspan.Phase) (list []attribute.KeyValue) {
	if p.Container == "" {
		return nil
	}
	list = add(list, record.AttrContainer, p.Container)
	list = append(list, attribute.Int(record.AttrRestartCount, int(p.Run)))
	if p.Name == span.Run || p.Name == span.Init {
		list = append(list, attribute.Int(record.AttrExitCode, int(p.ExitCode)))
	}
	return list
}

// add appends pairs of keys and values, but none without a value.
func add(list []attribute.KeyValue, pairs ...string) []attribute.KeyValue {
	for pair := range slices.Chunk(pairs, 2) {
		if key, value := pair[0], pair[1]; value != "" {
			list = append(list, attribute.String(key, record.Valid(value)))
		}
	}
	return list
}

// isCommit reports whether a version is the hash of a commit.
func isCommit(version string) bool {
	return (len(version) == 40 || len(version) == 64) && strings.Trim(version, "0123456789abcdef") == ""
}
