package record

import (
	"slices"
	"strings"
)

// Place is the part of an OTLP log record that contains a field's value.
type Place uint8

const (
	// Own is a field of the log record itself, such as Timestamp or Body, or
	// one that exists only on stdout.
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
	Key     string // on stdout; empty if the field is only sent over OTLP
	OTLP    string // attribute key, or the name of the log record's own field; empty if only on stdout
	Place   Place
	Type    Type
	Present string // when a record contains the field
}

// fields is the table; [Fields] returns a copy. Pod labels, under their own keys, and
// the attributes of plugins are not part of it.
//
//nolint:gochecknoglobals // A table that is never changed.
var fields = [...]Field{
	{KeyTime, "Timestamp", Own, Time, "always: when the event was received"},
	{
		KeyLevel, "SeverityText", Own, String,
		"always: info, warning or error; over OTLP INFO, WARN or ERROR with SeverityNumber 9, 13 or 17",
	},
	{KeyMessage, "Body", Own, String, "always: one plain sentence for people"},
	{
		"", "EventName", Own, String,
		"always: podstatus.create, podstatus.update or podstatus.delete; podstatus.event for Events; " +
			"podstatus.workload for workloads; " +
			"podstatus.drop for dropped records, podstatus.gap for Events that may be missing",
	},
	{
		"action", AttrAction, Attribute, String,
		"always: create, update or delete; event for a Kubernetes Event, workload for a change of a Deployment, " +
			"StatefulSet, DaemonSet or Job; drop reports dropped records, and gap a time " +
			"of which Events may be missing: these two have no fields about a pod",
	},
	{
		"state", AttrState, Attribute, String,
		"every update: waiting, running, error or terminated; without container that of the pod as a whole",
	},
	{
		"reason", AttrReason, Attribute, String,
		"always with waiting and error, even empty; otherwise if Kubernetes gives one. " +
			"With condition that of the condition, with device its health",
	},
	{"info", AttrInfo, Attribute, String, "as reason: Kubernetes' message, unchanged"},
	{"pod", AttrPodName, Resource, String, "always, unless the record has object_kind"},
	{"namespace", AttrNamespace, Resource, String, "always"},
	{"pod_uid", AttrPodUID, Resource, String, "with pod"},
	{"node", AttrNode, Resource, String, "once scheduled"},
	{"cluster", AttrCluster, Resource, String, "if configured"},
	{"phase", AttrPhase, Attribute, String, "with pod; not in an event about a pod of which nothing is known"},
	{
		"object_kind", AttrObjectKind, Attribute, String,
		"records about an object that owns pods, such as ReplicaSet, instead of the fields of a pod",
	},
	{"object_name", AttrObjectName, Attribute, String, "with object_kind"},
	{"event_type", AttrEventType, Attribute, String, "action event: Normal or Warning"},
	{"event_count", AttrEventCount, Attribute, Int, "action event: how often it has happened so far"},
	{"event_source", AttrEventSource, Attribute, String, "action event: the component that reports it, such as kubelet"},
	{
		"rollout_status", AttrRolloutStatus, Attribute, String,
		"action workload, if the status of the newest rollout has changed: progressing, complete, stalled or failed",
	},
	{"generation", AttrGeneration, Attribute, Int, "action workload: metadata.generation of the object"},
	{
		"replicas_desired", AttrDesired, Attribute, Int,
		"action workload: number of pods that there should be; for a Job the number of completions",
	},
	{
		"replicas_updated", AttrUpdated, Attribute, Int,
		"action workload, except Jobs: number of pods of the newest revision",
	},
	{"replicas_ready", AttrReplicasReady, Attribute, Int, "action workload: number of ready pods"},
	{
		"replicas_available", AttrAvailable, Attribute, Int,
		"action workload, except Jobs: number of pods that have been ready for minReadySeconds",
	},
	{
		"replicas_succeeded", AttrSucceeded, Attribute, Int,
		"action workload about a Job: number of pods that have succeeded",
	},
	{"replicas_failed", AttrFailed, Attribute, Int, "action workload about a Job: number of pods that have failed"},
	{"container", AttrContainer, Attribute, String, "records about one container"},
	{
		"container_type", AttrContainerType, Attribute, String,
		"with container, unless the action is event: container, init, sidecar or ephemeral",
	},
	{
		"image", AttrImage, Attribute, String,
		"with container_type: the reference in the pod's status, or in its spec if the status has only a digest",
	},
	{"ready", AttrReady, Attribute, Bool, "with container_type"},
	{"restart_count", AttrRestartCount, Attribute, Int, "with container_type"},
	{"exit_code", AttrExitCode, Attribute, Int, "a container's terminated state"},
	{"signal", AttrSignal, Attribute, Int, "if Kubernetes gives one"},
	{"device", AttrDevice, Attribute, String, "with container, if the record is about an allocated device: its id"},
	{"device_health", AttrDeviceHealth, Attribute, String, "with device: Healthy, Unhealthy or Unknown"},
	{"condition", AttrCondition, Attribute, String, "records about one condition of the pod or the workload: its type"},
	{"condition_status", AttrConditionStatus, Attribute, String, "with condition: True, False, Unknown or removed"},
	{"occurred_at", AttrOccurredAt, Attribute, Time, "if Kubernetes gives a time for the change"},
	{
		"", AttrContainerState, Attribute, String,
		"with container_type: Kubernetes' own state, waiting, running or terminated",
	},
	{"", AttrContainerReason, Attribute, String, "with container_type, if Kubernetes gives a reason"},
	{"", AttrPodReason, Attribute, String, "if the pod's status has a reason"},
	{
		"", AttrServiceName, Resource, String,
		"if anything is known of the pod, derived according to the semantic conventions for Kubernetes",
	},
	{"", AttrServiceNS, Resource, String, "always, likewise"},
	{"", AttrServiceVersion, Resource, String, "if an annotation, a configured label or the image contains it"},
	{"", AttrServiceInstance, Resource, String, "with pod, likewise"},
	{
		"", AttrDeployment, Resource, String,
		"if it follows from the controller reference; for object_kind from its owner chain",
	},
	{"", AttrReplicaSet, Resource, String, "likewise"},
	{"", AttrStatefulSet, Resource, String, "likewise"},
	{"", AttrDaemonSet, Resource, String, "likewise"},
	{"", AttrJob, Resource, String, "likewise"},
	{"", AttrCronJob, Resource, String, "likewise"},
	{KeyTraceID, "TraceId", Own, String, "if a plugin gave a trace context"},
	{KeySpanID, "SpanId", Own, String, "if a plugin gave a trace context"},
	{"enrichment", AttrEnrichment, Attribute, String, "only if a plugin failed for this record"},
	{"initial", AttrInitial, Attribute, Bool, "true: the pod, Event or workload existed before the first start"},
	{
		"recovered", AttrRecovered, Attribute, Bool,
		"true: found by comparison with the last emitted state, not received as an event",
	},
	{"dropped", AttrDropped, Attribute, Int, "with action drop: number of records dropped before they were sent"},
	{"dropped_first_seq", AttrDroppedFirst, Attribute, Int, "with dropped: seq of the first of them"},
	{"dropped_last_seq", AttrDroppedLast, Attribute, Int, "with dropped: seq of the last of them"},
	{
		"dropped_total", AttrDroppedTotal, Attribute, Int,
		"with dropped: records dropped since the journal was created, including those whose own report was dropped",
	},
	{"gap_from", AttrGapFrom, Attribute, Time, "with action gap: the last sign of life of the watch of Events"},
	{"gap_to", AttrGapTo, Attribute, Time, "with action gap: when the Events that still exist were compared"},
	{
		"resource_version", AttrResourceVersion, Attribute, String,
		"always, except drop: that of the pod, the Event or the workload",
	},
	{"record_id", AttrID, Attribute, String, "always: 32 hex digits, the same for duplicates"},
	{"seq", AttrSeq, Attribute, Int, "always: one more than in the record before"},
	{
		KeyTruncated, AttrTruncated, Attribute, Bool,
		"true: labels beyond 16 KiB are omitted; on stdout also if the line exceeded its maximum length and was cut",
	},
}

// Indices of the table.
//
//nolint:gochecknoglobals // Never changed.
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

// Fields returns a copy of the table, in the order in which a line contains the fields.
func Fields() []Field { return slices.Clone(fields[:]) }

// ByAttribute returns the field whose value the attribute with this key contains, or
// nil. The result is a row of the table and must not be changed.
func ByAttribute(key string) *Field { return byAttribute[key] }

// IsKey reports whether a key on stdout is that of a field, or could be mistaken for one by a reader that ignores
// case or that uses the names over OTLP.
func IsKey(key string) bool {
	if strings.IndexByte(key, '/') >= 0 { // as most labels have, but no field
		return false
	}
	key = strings.ToLower(key)
	return byKey[key] != nil || byAttribute[key] != nil
}
