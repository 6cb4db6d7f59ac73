package attributes

import (
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// converter turns records into attributes whose keys are those of the
// table of fields over OTLP. It has strings that come from outside made valid
// UTF-8: one bad byte, such as in a termination message cut in the middle of a
// rune, would make an OTLP request unsendable.
type converter struct {
	cluster string
	all     []Attribute // reused
	// labelKeys has the attribute key of each label key seen, so that it isn't
	// put together anew for each record. Its keys are parts of its values: those
	// of a record would keep all labels of its pod in memory.
	labelKeys map[string]string
}

// maxLabelKeys bounds the memory of label keys for clusters that make them up.
const maxLabelKeys = 4096

// convert returns the attributes of r: those of the table in its order, then
// those of plugins, then labels. They are valid until the next call.
func (c *converter) convert(r *record.Record) []Attribute {
	c.all = c.all[:0]
	c.event(r)
	if r.Dropped != nil {
		c.dropped(r)
		return c.all
	}
	c.pod(r.Pod)
	if r.Container != nil {
		c.container(r)
	}
	if !r.OccurredAt.IsZero() {
		c.str(record.AttrOccurredAt, r.OccurredAt.UTC().Format(time.RFC3339Nano))
	}
	c.nonEmpty(record.AttrPodReason, r.Pod.Reason)
	c.service(r.Pod)
	c.workload(&r.Pod.Workload)
	c.account(r)
	for _, kv := range r.Attributes {
		c.all = append(c.all, Attribute{KeyValue: attribute.KeyValue{Key: attribute.Key(record.Valid(string(kv.Key))), Value: scalar(kv.Value)}})
	}
	for key, value := range r.Pod.Labels.All() {
		c.all = append(c.all, Attribute{KeyValue: attribute.String(c.labelKey(key), record.Valid(value)), Label: true})
	}
	return c.all
}

func (c *converter) event(r *record.Record) {
	c.str(record.AttrAction, r.Action.String())
	c.nonEmpty(record.AttrState, r.State.String())
	if r.HasReason() {
		c.str(record.AttrReason, r.Reason)
		c.str(record.AttrInfo, r.Info)
	}
}

// dropped writes all that a record says which is about no pod.
func (c *converter) dropped(r *record.Record) {
	c.nonEmpty(record.AttrCluster, c.cluster)
	c.field(record.AttrDropped, unsigned(r.Dropped.Records))
	c.field(record.AttrDroppedFirst, unsigned(r.Dropped.FirstSeq))
	c.field(record.AttrDroppedLast, unsigned(r.Dropped.LastSeq))
	c.field(record.AttrDroppedTotal, unsigned(r.Dropped.Total))
	c.number(r)
}

func (c *converter) pod(p *record.Pod) {
	c.str(record.AttrPodName, p.Name)
	c.str(record.AttrNamespace, p.Namespace)
	c.str(record.AttrPodUID, p.UID)
	c.nonEmpty(record.AttrNode, p.Node)
	c.nonEmpty(record.AttrCluster, c.cluster)
	c.str(record.AttrPhase, p.Phase)
}

func (c *converter) container(r *record.Record) {
	p := r.Container
	c.str(record.AttrContainer, p.Name)
	c.str(record.AttrContainerType, p.Type.String())
	c.str(record.AttrImage, p.Image)
	c.field(record.AttrReady, attribute.BoolValue(p.Ready))
	c.field(record.AttrRestartCount, attribute.Int64Value(int64(p.RestartCount)))
	if p.Terminated {
		c.field(record.AttrExitCode, attribute.Int64Value(int64(p.ExitCode)))
	}
	if p.Signal != 0 {
		c.field(record.AttrSignal, attribute.Int64Value(int64(p.Signal)))
	}
	c.str(record.AttrContainerState, p.Status)
	c.nonEmpty(record.AttrContainerReason, r.Reason)
}

func (c *converter) service(p *record.Pod) {
	c.nonEmpty(record.AttrServiceName, p.Service.Name)
	c.nonEmpty(record.AttrServiceNS, p.Service.Namespace)
	c.nonEmpty(record.AttrServiceVersion, p.Service.Version)
	c.nonEmpty(record.AttrServiceInstance, p.Service.InstanceID)
}

func (c *converter) workload(w *record.Workload) {
	c.nonEmpty(record.AttrDeployment, w.Deployment)
	c.nonEmpty(record.AttrReplicaSet, w.ReplicaSet)
	c.nonEmpty(record.AttrStatefulSet, w.StatefulSet)
	c.nonEmpty(record.AttrDaemonSet, w.DaemonSet)
	c.nonEmpty(record.AttrJob, w.Job)
	c.nonEmpty(record.AttrCronJob, w.CronJob)
}

// account writes what lets a reader tell records apart and count them.
func (c *converter) account(r *record.Record) {
	c.nonEmpty(record.AttrEnrichment, r.Enrichment)
	if r.Initial {
		c.field(record.AttrInitial, attribute.BoolValue(true))
	}
	if r.Recovered {
		c.field(record.AttrRecovered, attribute.BoolValue(true))
	}
	c.str(record.AttrResourceVersion, r.ResourceVersion)
	c.number(r)
}

func (c *converter) number(r *record.Record) {
	c.str(record.AttrID, r.ID.String())
	c.field(record.AttrSeq, unsigned(r.Seq))
}

// field appends the attribute of a field.
func (c *converter) field(key string, v attribute.Value) {
	c.all = append(c.all, Attribute{KeyValue: attribute.KeyValue{Key: attribute.Key(key), Value: v}, Field: record.ByAttribute(key)})
}

func (c *converter) str(key, value string) { c.field(key, attribute.StringValue(record.Valid(value))) }

func (c *converter) nonEmpty(key, value string) {
	if value != "" {
		c.str(key, value)
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

// scalar returns what a plugin may give: a string, which is valid then, a bool, an
// int or a float.
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

// unsigned is what the bridge makes of such a number: attributes have signed ones
// only.
func unsigned(n uint64) attribute.Value {
	if n > math.MaxInt64 {
		return attribute.StringValue(strconv.FormatUint(n, 10))
	}
	return attribute.Int64Value(int64(n))
}
