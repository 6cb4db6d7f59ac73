package emit

import (
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// converter turns records into attributes with the keys that the table of fields
// has for OTLP. Strings from outside are made valid UTF-8: one bad byte, as in a
// termination message cut within a rune, would make an OTLP request unsendable.
type converter struct {
	cluster string
	fields  fields
	all     []Attribute // reused
	// labelKeys maps each label key seen to its attribute key, so that it isn't
	// built for each record. The map's keys are substrings of its values: those
	// of a record would keep all labels of its pod in memory.
	labelKeys map[string]string
}

func newConverter(cluster string) *converter {
	return &converter{cluster: cluster, fields: newFields(), labelKeys: make(map[string]string)}
}

// maxLabelKeys bounds the memory of label keys in clusters that generate them.
const maxLabelKeys = 4096

// convert returns the attributes of r in the order of the table, then those of
// plugins, then labels. They are valid until the next call.
func (c *converter) convert(r *record.Record) []Attribute {
	c.all = c.all[:0]
	c.event(r)
	switch {
	case r.Dropped != nil:
		c.dropped(r)
		return c.all
	case r.Gap != nil:
		c.gap(r)
		return c.all
	}
	c.subject(r)
	if r.Container != nil {
		c.container(r)
	}
	if r.Condition != nil {
		c.str(c.fields.condition, r.Condition.Type)
		c.str(c.fields.conditionStatus, r.Condition.Status)
	}
	if !r.OccurredAt.IsZero() {
		c.time(c.fields.occurredAt, r.OccurredAt)
	}
	c.nonEmpty(c.fields.podReason, r.Pod.Reason)
	c.service(r.Pod)
	c.workload(&r.Pod.Workload)
	c.account(r)
	if r.Pod.LabelsOmitted {
		c.field(c.fields.truncated, attribute.BoolValue(true))
	}
	for _, kv := range r.Attributes {
		key := attribute.Key(record.Valid(string(kv.Key)))
		c.all = append(c.all, Attribute{KeyValue: attribute.KeyValue{Key: key, Value: scalar(kv.Value)}})
	}
	if r.Object != nil {
		return c.all // its labels are not those of a pod
	}
	for key, value := range r.Pod.Labels.All() {
		c.all = append(c.all, Attribute{KeyValue: attribute.String(c.labelKey(key), record.Valid(value)), Label: true})
	}
	return c.all
}

func (c *converter) event(r *record.Record) {
	c.str(c.fields.action, r.Action.String())
	c.nonEmpty(c.fields.state, r.State.String())
	if r.HasReason() {
		c.str(c.fields.reason, r.Reason)
		c.str(c.fields.info, r.Info)
	}
}

// dropped appends the attributes of a record that is about no pod.
func (c *converter) dropped(r *record.Record) {
	c.nonEmpty(c.fields.cluster, c.cluster)
	c.field(c.fields.dropped, unsigned(r.Dropped.Records))
	c.field(c.fields.droppedFirst, unsigned(r.Dropped.FirstSeq))
	c.field(c.fields.droppedLast, unsigned(r.Dropped.LastSeq))
	c.field(c.fields.droppedTotal, unsigned(r.Dropped.Total))
	c.number(r)
}

// gap appends the attributes of a record about a time of which Events may be missing.
func (c *converter) gap(r *record.Record) {
	c.nonEmpty(c.fields.cluster, c.cluster)
	c.time(c.fields.gapFrom, r.Gap.From)
	c.time(c.fields.gapTo, r.Gap.To)
	c.str(c.fields.resourceVersion, r.ResourceVersion)
	c.number(r)
}

// subject appends the attributes of the pod, or of the object that owns pods, and of the
// Event about it.
func (c *converter) subject(r *record.Record) {
	if r.Object == nil {
		c.pod(r)
	} else {
		c.str(c.fields.namespace, r.Pod.Namespace)
		c.nonEmpty(c.fields.cluster, c.cluster)
		c.str(c.fields.objectKind, r.Object.Kind)
		c.str(c.fields.objectName, r.Object.Name)
	}
	if e := r.Event; e != nil {
		c.str(c.fields.eventType, e.Type)
		c.field(c.fields.eventCount, attribute.Int64Value(e.Count))
		c.nonEmpty(c.fields.eventSource, e.Source)
		c.nonEmpty(c.fields.container, e.Container)
	}
	if r.Rollout != nil {
		c.rollout(r.Rollout)
	}
}

func (c *converter) rollout(r *record.RolloutInfo) {
	c.nonEmpty(c.fields.rolloutStatus, r.Status.String())
	c.field(c.fields.generation, attribute.Int64Value(r.Generation))
	for _, number := range [...]struct {
		field *record.Field
		of    int32
	}{
		{c.fields.desired, r.Replicas.Desired},
		{c.fields.updated, r.Replicas.Updated},
		{c.fields.replicasReady, r.Replicas.Ready},
		{c.fields.available, r.Replicas.Available},
		{c.fields.succeeded, r.Replicas.Succeeded},
		{c.fields.failed, r.Replicas.Failed},
	} {
		if number.of >= 0 {
			c.field(number.field, attribute.Int64Value(int64(number.of)))
		}
	}
}

func (c *converter) pod(r *record.Record) {
	p := r.Pod
	c.str(c.fields.podName, p.Name)
	c.str(c.fields.namespace, p.Namespace)
	c.str(c.fields.podUID, p.UID)
	c.nonEmpty(c.fields.node, p.Node)
	c.nonEmpty(c.fields.cluster, c.cluster)
	if p.Phase != "" || r.Event == nil {
		c.str(c.fields.phase, p.Phase)
	}
}

func (c *converter) container(r *record.Record) {
	p := r.Container
	c.str(c.fields.container, p.Name)
	c.str(c.fields.containerType, p.Type.String())
	c.str(c.fields.image, p.Image)
	c.field(c.fields.ready, attribute.BoolValue(p.Ready))
	c.field(c.fields.restartCount, attribute.Int64Value(int64(p.RestartCount)))
	if p.Terminated {
		c.field(c.fields.exitCode, attribute.Int64Value(int64(p.ExitCode)))
	}
	if p.Signal != 0 {
		c.field(c.fields.signal, attribute.Int64Value(int64(p.Signal)))
	}
	c.str(c.fields.containerState, p.Status)
	if p.Device == nil { // otherwise the reason is the device's health
		c.nonEmpty(c.fields.containerReason, r.Reason)
		return
	}
	c.str(c.fields.device, p.Device.ID)
	c.str(c.fields.deviceHealth, p.Device.Health)
}

func (c *converter) service(p *record.Pod) {
	c.nonEmpty(c.fields.serviceName, p.Service.Name)
	c.nonEmpty(c.fields.serviceNS, p.Service.Namespace)
	c.nonEmpty(c.fields.serviceVersion, p.Service.Version)
	c.nonEmpty(c.fields.serviceInstance, p.Service.InstanceID)
}

func (c *converter) workload(w *record.Workload) {
	c.nonEmpty(c.fields.deployment, w.Deployment)
	c.nonEmpty(c.fields.replicaSet, w.ReplicaSet)
	c.nonEmpty(c.fields.statefulSet, w.StatefulSet)
	c.nonEmpty(c.fields.daemonSet, w.DaemonSet)
	c.nonEmpty(c.fields.job, w.Job)
	c.nonEmpty(c.fields.cronJob, w.CronJob)
}

// account appends the attributes by which a reader distinguishes and counts records.
func (c *converter) account(r *record.Record) {
	c.nonEmpty(c.fields.enrichment, r.Enrichment)
	if r.Initial {
		c.field(c.fields.initial, attribute.BoolValue(true))
	}
	if r.Recovered {
		c.field(c.fields.recovered, attribute.BoolValue(true))
	}
	c.str(c.fields.resourceVersion, r.ResourceVersion)
	c.number(r)
}

func (c *converter) number(r *record.Record) {
	c.str(c.fields.id, r.ID.String())
	c.field(c.fields.seq, unsigned(r.Seq))
}

// field appends the attribute of a field.
func (c *converter) field(f *record.Field, v attribute.Value) {
	c.all = append(c.all, Attribute{KeyValue: attribute.KeyValue{Key: attribute.Key(f.OTLP), Value: v}, Field: f})
}

func (c *converter) str(f *record.Field, value string) {
	c.field(f, attribute.StringValue(record.Valid(value)))
}

func (c *converter) time(f *record.Field, t time.Time) {
	c.field(f, attribute.StringValue(t.UTC().Format(time.RFC3339Nano)))
}

func (c *converter) nonEmpty(f *record.Field, value string) {
	if value != "" {
		c.str(f, value)
	}
}

func (c *converter) labelKey(label string) string {
	key, ok := c.labelKeys[label]
	if ok {
		return key
	}
	if len(c.labelKeys) >= maxLabelKeys {
		clear(c.labelKeys)
	}
	key = record.AttrLabelPrefix + record.Valid(label)
	c.labelKeys[key[len(record.AttrLabelPrefix):]] = key
	return key
}

// scalar returns the value of a plugin as one of the types that records have: a
// valid string, a bool, an int or a float.
func scalar(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		return v
	case attribute.STRING:
		return attribute.StringValue(record.Valid(v.AsString()))
	default:
		return attribute.StringValue(record.Valid(v.String()))
	}
}

// unsigned returns a number as the bridge would: attributes have signed ones only.
func unsigned(n uint64) attribute.Value {
	if n > math.MaxInt64 {
		return attribute.StringValue(strconv.FormatUint(n, 10))
	}
	return attribute.Int64Value(int64(n))
}
