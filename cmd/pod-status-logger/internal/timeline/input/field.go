package input

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// setter stores the value of a field. Numbers and booleans are in their JSON form.
type setter func(r *Record, value string)

// Attributes of the built-in plugin.
const (
	attrBundleID      = "bundle.id"
	attrBundleName    = "bundle.name"
	attrBundleVersion = "bundle.version"
)

// setters returns the setters by the keys on stdout and over OTLP, and by the names that VictoriaLogs and
// loki-style stores give to time, message and severity.
func setters() map[string]setter {
	all := map[string]setter{
		attrBundleID:      text(func(r *Record) *string { return &r.BundleID }),
		attrBundleName:    text(func(r *Record) *string { return &r.BundleName }),
		attrBundleVersion: text(func(r *Record) *string { return &r.BundleVersion }),
		record.KeyTime:    moment(func(r *Record) *time.Time { return &r.Received }),
		record.KeyLevel:   setLevel,
		record.KeyMessage: text(func(r *Record) *string { return &r.Message }),
		record.KeyTraceID: text(func(r *Record) *string { return &r.TraceID }),
		"_time":           moment(func(r *Record) *time.Time { return &r.Received }),
		"_msg":            text(func(r *Record) *string { return &r.Message }),
		"severity":        setLevel,
		"severity_text":   setLevel,
	}
	attributes := attributeSetters()
	maps.Copy(all, attributes)
	for _, f := range record.Fields() {
		if set := attributes[f.OTLP]; set != nil && f.Key != "" {
			all[f.Key] = set
		}
	}
	return all
}

// attributeSetters returns the setters of attributes by their keys over OTLP.
func attributeSetters() map[string]setter {
	workload := func(r *Record, v string) {
		if r.Workload == "" {
			r.Workload = v
		}
	}
	return map[string]setter{
		record.AttrAction:          text(func(r *Record) *string { return &r.Action }),
		record.AttrState:           text(func(r *Record) *string { return &r.State }),
		record.AttrReason:          text(func(r *Record) *string { return &r.Reason }),
		record.AttrInfo:            text(func(r *Record) *string { return &r.Info }),
		record.AttrCluster:         text(func(r *Record) *string { return &r.Cluster }),
		record.AttrNamespace:       text(func(r *Record) *string { return &r.Namespace }),
		record.AttrPodName:         text(func(r *Record) *string { return &r.Pod }),
		record.AttrPodUID:          text(func(r *Record) *string { return &r.UID }),
		record.AttrNode:            text(func(r *Record) *string { return &r.Node }),
		record.AttrPhase:           text(func(r *Record) *string { return &r.Phase }),
		record.AttrContainer:       text(func(r *Record) *string { return &r.Container }),
		record.AttrContainerType:   text(func(r *Record) *string { return &r.ContainerType }),
		record.AttrImage:           text(func(r *Record) *string { return &r.Image }),
		record.AttrDevice:          text(func(r *Record) *string { return &r.Device }),
		record.AttrDeviceHealth:    text(func(r *Record) *string { return &r.DeviceHealth }),
		record.AttrCondition:       text(func(r *Record) *string { return &r.Condition }),
		record.AttrConditionStatus: text(func(r *Record) *string { return &r.ConditionStatus }),
		record.AttrID:              text(func(r *Record) *string { return &r.ID }),
		record.AttrDeployment:      workload,
		record.AttrStatefulSet:     workload,
		record.AttrDaemonSet:       workload,
		record.AttrCronJob:         workload,
		record.AttrJob:             workload,
		record.AttrReady:           func(r *Record, v string) { r.Ready = v == "true" },
		record.AttrInitial:         func(r *Record, v string) { r.Initial = v == "true" },
		record.AttrRecovered:       func(r *Record, v string) { r.Recovered = v == "true" },
		record.AttrRestartCount:    number(func(r *Record) *int32 { return &r.Restarts }),
		record.AttrSignal:          number(func(r *Record) *int32 { return &r.Signal }),
		record.AttrOccurredAt:      moment(func(r *Record) *time.Time { return &r.OccurredAt }),
		record.AttrSeq:             func(r *Record, v string) { r.Seq, _ = strconv.ParseUint(v, 10, 64) },
		record.AttrExitCode: func(r *Record, v string) {
			code, err := strconv.ParseInt(v, 10, 32)
			r.ExitCode, r.HasExitCode = int32(code), err == nil
		},
	}
}

func text(field func(*Record) *string) setter {
	return func(r *Record, v string) { *field(r) = v }
}

func number(field func(*Record) *int32) setter {
	return func(r *Record, v string) {
		n, _ := strconv.ParseInt(v, 10, 32)
		*field(r) = int32(n)
	}
}

func moment(field func(*Record) *time.Time) setter {
	return func(r *Record, v string) {
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			*field(r) = t.UTC()
		}
	}
}

// setLevel stores a level as stdout names it. OTLP has WARN for warning.
func setLevel(r *Record, v string) {
	r.Level = strings.ToLower(v)
	if r.Level == "warn" {
		r.Level = record.LevelWarning.String()
	}
}
