package record

import "slices"

// Place says where the value of a field sits in an OTLP log record.
type Place uint8

const (
	// Own is a field of the log record itself, such as Timestamp or Body, or
	// one that exists on stdout only.
	Own Place = iota
	// Resource is an attribute of the OTLP Resource: one resource per pod.
	Resource
	// Attribute is an attribute of the log record.
	Attribute
)

// Type is the JSON type of a field on stdout and its type over OTLP.
type Type string

// The types of fields. A Time is RFC 3339 in UTC.
const (
	String Type = "string"
	Int    Type = "int"
	Bool   Type = "bool"
	Time   Type = "time"
)

// Field is one row of the table of fields.
type Field struct {
	Key     string // on stdout; empty where the field is only sent over OTLP
	OTLP    string // attribute key, or the name of the log record's own field; empty where stdout only
	Place   Place
	Type    Type
	Present string // when the field is there
}

// fields is the table; [Fields] returns a copy. Pod labels, written under
// their own keys, and the keys of plugins come on top of it.
var fields = [...]Field{
	{KeyTime, "Timestamp", Own, Time, "always: when the event was received"},
	{KeyLevel, "SeverityText", Own, String, "always: info, warning or error; over OTLP INFO, WARN or ERROR with SeverityNumber 9, 13 or 17"},
	{KeyMessage, "Body", Own, String, "always: one plain sentence for people"},
	{"", "EventName", Own, String, "always: podstatus.create, podstatus.update or podstatus.delete; podstatus.drop where records had to make room"},
	{"action", AttrAction, Attribute, String, "always: create, update or delete; drop where records had to make room, and then nothing that is about a pod"},
	{"state", AttrState, Attribute, String, "every update: waiting, running, error or terminated"},
	{"reason", AttrReason, Attribute, String, "with waiting and error always, even empty; else where Kubernetes gives one"},
	{"info", AttrInfo, Attribute, String, "as reason: Kubernetes' message, unchanged"},
	{"pod", AttrPodName, Resource, String, "always"},
	{"namespace", AttrNamespace, Resource, String, "always"},
	{"pod_uid", AttrPodUID, Resource, String, "always"},
	{"node", AttrNode, Resource, String, "once scheduled"},
	{"cluster", AttrCluster, Resource, String, "when configured"},
	{"phase", AttrPhase, Attribute, String, "always"},
	{"container", AttrContainer, Attribute, String, "records about one container"},
	{"container_type", AttrContainerType, Attribute, String, "with container: container, init, sidecar or ephemeral"},
	{"image", AttrImage, Attribute, String, "with container: the reference in the pod's status"},
	{"ready", AttrReady, Attribute, Bool, "with container"},
	{"restart_count", AttrRestartCount, Attribute, Int, "with container"},
	{"exit_code", AttrExitCode, Attribute, Int, "a container's terminated state"},
	{"signal", AttrSignal, Attribute, Int, "where Kubernetes gives one"},
	{"occurred_at", AttrOccurredAt, Attribute, Time, "where Kubernetes gives a time for the change"},
	{"", AttrContainerState, Attribute, String, "with container: waiting, running or terminated, as Kubernetes has it"},
	{"", AttrContainerReason, Attribute, String, "with container, where Kubernetes gives a reason"},
	{"", AttrPodReason, Attribute, String, "when the pod's status has a reason"},
	{"", AttrServiceName, Resource, String, "always, derived as semantic conventions say for Kubernetes"},
	{"", AttrServiceNS, Resource, String, "always, likewise"},
	{"", AttrServiceVersion, Resource, String, "where an annotation, a configured label or the image tells it"},
	{"", AttrServiceInstance, Resource, String, "always, likewise"},
	{"", AttrDeployment, Resource, String, "where the controller reference tells it"},
	{"", AttrReplicaSet, Resource, String, "likewise"},
	{"", AttrStatefulSet, Resource, String, "likewise"},
	{"", AttrDaemonSet, Resource, String, "likewise"},
	{"", AttrJob, Resource, String, "likewise"},
	{"", AttrCronJob, Resource, String, "likewise"},
	{KeyTraceID, "TraceId", Own, String, "when a plugin gave a trace context"},
	{KeySpanID, "SpanId", Own, String, "when a plugin gave a trace context"},
	{"enrichment", AttrEnrichment, Attribute, String, "only when a plugin failed for this record"},
	{"initial", AttrInitial, Attribute, Bool, "true: the pod existed before the start"},
	{"recovered", AttrRecovered, Attribute, Bool, "true: found by comparing with what was told, not seen as an event"},
	{"dropped", AttrDropped, Attribute, Int, "with action drop, which is about no pod: how many records had to make room before they were sent"},
	{"dropped_first_seq", AttrDroppedFirst, Attribute, Int, "with dropped: seq of the first of them"},
	{"dropped_last_seq", AttrDroppedLast, Attribute, Int, "with dropped: seq of the last of them"},
	{"dropped_total", AttrDroppedTotal, Attribute, Int, "with dropped: how many had to since the journal was made; also where a record that told of some was dropped itself"},
	{"resource_version", AttrResourceVersion, Attribute, String, "always"},
	{"record_id", AttrID, Attribute, String, "always: 32 hex digits, the same for a record sent twice"},
	{"seq", AttrSeq, Attribute, Int, "always: one more than that of the record before"},
	{KeyTruncated, "", Own, Bool, "true: the line was too long and has been cut"},
}

// Read-only indices of the table.
var (
	byAttribute = index(func(f *Field) string {
		if f.Place == Own {
			return ""
		}
		return f.OTLP
	})
	byKey = index(func(f *Field) string { return f.Key })
)

func index(by func(*Field) string) map[string]*Field {
	m := make(map[string]*Field, len(fields))
	for i := range fields {
		if k := by(&fields[i]); k != "" {
			m[k] = &fields[i]
		}
	}
	return m
}

// Fields returns the table of fields in the order in which they are written.
func Fields() []Field { return slices.Clone(fields[:]) }

// ByAttribute returns the field whose value is in the attribute with this key, a row
// of the table, which must not be changed; nil: there is none.
func ByAttribute(key string) *Field { return byAttribute[key] }

// IsKey tells whether a key on stdout belongs to a field of the table.
func IsKey(key string) bool {
	_, ok := byKey[key]
	return ok
}
