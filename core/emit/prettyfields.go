package emit

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// prettyFields are the attributes that Pretty shows.
type prettyFields struct {
	action, state, namespace, pod, container, typ, reason, info string
	restarts                                                    int64
	initial, recovered                                          bool
	bundle, version, trace, enrichment                          string
}

// Attributes of the built-in plugin that are shown if there is room, and the number of
// digits that distinguish a trace id from others.
const (
	attrBundleName    = "bundle.name"
	attrBundleVersion = "bundle.version"
	traceDigits       = 8
)

func prettyFieldsOf(r Record) (f prettyFields) {
	for i := range r.Attributes {
		kv := &r.Attributes[i].KeyValue
		if text := f.text(kv.Key); text != nil {
			*text = kv.Value.AsString()
			continue
		}
		switch kv.Key {
		case record.AttrRestartCount:
			f.restarts = kv.Value.AsInt64()
		case record.AttrInitial:
			f.initial = kv.Value.AsBool()
		case record.AttrRecovered:
			f.recovered = kv.Value.AsBool()
		}
	}
	if r.TraceID().IsValid() {
		f.trace = r.TraceID().String()[:traceDigits]
	}
	return f
}

// text returns the field for a string, nil if there is none.
func (f *prettyFields) text(key attribute.Key) *string {
	switch key {
	case record.AttrAction:
		return &f.action
	case record.AttrState:
		return &f.state
	case record.AttrNamespace:
		return &f.namespace
	case record.AttrPodName:
		return &f.pod
	case record.AttrObjectName:
		return &f.pod
	case record.AttrContainer:
		return &f.container
	case record.AttrContainerType:
		return &f.typ
	case record.AttrReason:
		return &f.reason
	case record.AttrInfo:
		return &f.info
	case record.AttrEnrichment:
		return &f.enrichment
	case attrBundleName:
		return &f.bundle
	case attrBundleVersion:
		return &f.version
	}
	return nil
}

// fullName returns the name of the pod with its namespace, "" for a record about dropped
// records.
func (f *prettyFields) fullName() string {
	if f.pod == "" {
		return ""
	}
	return f.namespace + "/" + f.pod
}

// happened returns the state of an update, otherwise the action.
func (f *prettyFields) happened() string {
	if f.state != "" {
		return f.state
	}
	return f.action
}

// detail returns the part of the message that the columns of pod and state don't have,
// without Kubernetes' own message, which follows.
func (f *prettyFields) detail(message string) string {
	_, detail, ok := strings.Cut(message, f.namespace+"/"+f.pod+" ")
	if !ok {
		return message
	}
	detail = f.withoutInfo(withoutState(detail))
	if f.container != "" {
		detail = strings.TrimSpace(f.subject() + " " + detail)
	}
	if f.reason != "" && !strings.Contains(strings.ToLower(detail), strings.ToLower(f.reason)) {
		// The message is about something else, such as the deletion of a waiting pod.
		detail += " (" + f.reason + ")"
	}
	return detail
}

// withoutState cuts off words that repeat the column of the state.
func withoutState(detail string) string {
	for _, words := range [...]string{
		"has Event ",
		"is waiting: ", "is waiting", "is running and ", "is running but ", "is running", "terminated with ",
	} {
		if rest, ok := strings.CutPrefix(detail, words); ok {
			return rest
		}
	}
	return detail
}

// withoutInfo cuts off Kubernetes' message in parentheses.
func (f *prettyFields) withoutInfo(detail string) string {
	words := strings.Fields(f.info)
	if len(words) == 0 {
		return detail
	}
	before, _, _ := strings.Cut(detail, " ("+words[0])
	return before
}

func (f *prettyFields) subject() string {
	if f.typ == record.Regular.String() || f.typ == "" {
		return f.container
	}
	return f.typ + " " + f.container
}

// remarks returns the remarks in brackets at the end of the line.
func (f *prettyFields) remarks(origin []string) string {
	var remarks []string
	switch {
	case f.restarts == 1:
		remarks = append(remarks, "1 restart")
	case f.restarts > 1:
		remarks = append(remarks, strconv.FormatInt(f.restarts, 10)+" restarts")
	}
	if f.initial {
		remarks = append(remarks, "initial")
	}
	if f.recovered {
		remarks = append(remarks, "recovered")
	}
	if f.enrichment != "" {
		remarks = append(remarks, f.enrichment)
	}
	remarks = append(remarks, origin...)
	if len(remarks) == 0 {
		return ""
	}
	return "  (" + strings.Join(remarks, ", ") + ")"
}

// origin returns the bundle and the trace that the pod comes from, as far as plugins
// have added them.
func (f *prettyFields) origin() (origin []string) {
	if f.bundle != "" {
		origin = append(origin, strings.TrimSpace(f.bundle+" "+f.version))
	}
	if f.trace != "" {
		origin = append(origin, "trace "+f.trace)
	}
	return origin
}
