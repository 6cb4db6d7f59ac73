package emit_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A record with everything, as an exporter gets it.
func TestEmitEverything(t *testing.T) {
	r := newUpdate(map[string]string{"app": "web", "canary": ""})
	r.Level, r.State, r.Reason, r.Info = record.LevelError, record.Terminated, "OOMKilled", "out of memory"
	r.Container.Terminated, r.Container.ExitCode, r.Container.Signal = true, 137, 9
	r.Container.Type, r.Container.Status = record.Sidecar, "terminated"
	r.OccurredAt = time.Date(2026, 11, 23, 17, 45, 20, 500, time.FixedZone("CET", 3600))
	r.Pod.Reason = "Evicted"
	r.Pod.Workload = record.Workload{
		Deployment: "deployment", ReplicaSet: "replicaset", StatefulSet: "statefulset",
		DaemonSet: "daemonset", Job: "job", CronJob: "cronjob",
	}
	r.Initial, r.Recovered = true, true
	r.Enrichment = "team: deadline exceeded"
	r.Attributes = []attribute.KeyValue{
		attribute.String("bundle.id", "shop/web"), attribute.Bool("bundle.auto", true),
		attribute.Int64("bundle.revision", math.MaxInt64), attribute.Float64("bundle.share", 0.5),
	}
	r.SpanContext = newSpanContext(t)

	got := exported(t, emit.Settings{Cluster: "prod-eu", Version: "1.2.0"}, r)[0]
	if got.EventName() != "podstatus.update" {
		t.Errorf("event name %q", got.EventName())
	}
	if got.Severity() != log.SeverityError || got.SeverityText() != "ERROR" {
		t.Errorf("severity %v %q", got.Severity(), got.SeverityText())
	}
	if !got.Timestamp().Equal(received) {
		t.Errorf("timestamp %v, want %v", got.Timestamp(), received)
	}
	if got.ObservedTimestamp().IsZero() {
		t.Error("no observed timestamp")
	}
	if got.Body().AsString() != r.Message {
		t.Errorf("body %q", got.Body().AsString())
	}
	traced := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: got.TraceID(), SpanID: got.SpanID(), TraceFlags: got.TraceFlags(), Remote: true,
	})
	if !traced.Equal(r.SpanContext) {
		t.Errorf("trace context %v, want %v", traced, r.SpanContext)
	}
	if scope := got.InstrumentationScope(); scope.Name != emit.ScopeName || scope.Version != "1.2.0" ||
		scope.SchemaURL != semconv.SchemaURL {
		t.Errorf("scope %+v", scope)
	}
	want := map[string]any{
		"podstatus.action": "update", "podstatus.state": "terminated",
		"podstatus.reason": "OOMKilled", "podstatus.info": "out of memory",
		"k8s.pod.name": "web-5d9c7b8f66-x2x7q", "k8s.namespace.name": "shop", "k8s.pod.uid": podUID,
		"k8s.node.name": "node-17", "k8s.cluster.name": "prod-eu", "k8s.pod.status.phase": "Running",
		"k8s.container.name": "app", "podstatus.container.type": "sidecar",
		"container.image.name":      "registry.example.org/shop/web:1.2.3",
		"podstatus.container.ready": false, "k8s.container.restart_count": int64(17),
		"podstatus.container.exit_code": int64(137), "podstatus.container.signal": int64(9),
		"k8s.container.status.state": "terminated", "k8s.container.status.reason": "OOMKilled",
		"podstatus.occurred_at": "2026-11-23T16:45:20.0000005Z",
		"k8s.pod.status.reason": "Evicted",
		"service.name":          "web", "service.namespace": "shop", "service.version": "1.2.3",
		"service.instance.id": "shop.web-5d9c7b8f66-x2x7q.app",
		"k8s.deployment.name": "deployment", "k8s.replicaset.name": "replicaset", "k8s.statefulset.name": "statefulset",
		"k8s.daemonset.name": "daemonset", "k8s.job.name": "job", "k8s.cronjob.name": "cronjob",
		"podstatus.enrichment": "team: deadline exceeded", "podstatus.initial": true, "podstatus.recovered": true,
		"podstatus.resource_version": "123456790", "log.record.uid": r.ID.String(), "podstatus.seq": int64(987654),
		"bundle.id": "shop/web", "bundle.auto": true, "bundle.revision": int64(math.MaxInt64), "bundle.share": 0.5,
		"k8s.pod.label.app": "web", "k8s.pod.label.canary": "",
	}
	if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	r.Container.Device = &record.Device{Resource: "example.com/gpu", ID: "GPU-5f1d0a", Health: "Unhealthy"}
	r.Condition = &record.Condition{Type: "Ready", Status: "False"}
	got = exported(t, emit.Settings{Cluster: "prod-eu"}, r)[0]
	delete(want, record.AttrContainerReason) // the reason is that of the device
	want[record.AttrDevice], want[record.AttrDeviceHealth] = "GPU-5f1d0a", "Unhealthy"
	want[record.AttrCondition], want[record.AttrConditionStatus] = "Ready", "False"
	if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" {
		t.Errorf("attributes with device and condition (-want +got):\n%s", diff)
	}
	want[record.AttrContainerReason] = ""
	want[record.AttrTruncated] = true    // TestOmittedLabels
	elsewhere := func(key string) bool { // in the tests of other actions
		for _, prefix := range []string{
			"podstatus.dropped.", "podstatus.event.", "podstatus.object.", "podstatus.gap.",
			"podstatus.rollout.", "podstatus.replicas.",
		} {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
		return false
	}
	for _, f := range record.Fields() {
		if _, ok := want[f.OTLP]; !ok && f.Place != record.Own && !elsewhere(f.OTLP) {
			t.Errorf("this test forgets %s", f.OTLP)
		}
	}
}

// A record of an Event has the fields of its pod, or those of the object that owns pods.
func TestEmitEvents(t *testing.T) {
	r := newUpdate(map[string]string{"app": "web"})
	r.Action, r.State, r.Container = record.Event, 0, nil
	r.Level, r.Reason, r.Info = record.LevelWarning, "Unhealthy", "no answer"
	r.Message = "pod shop/web has Event Unhealthy, 8 times (no answer)"
	r.Pod = &record.Pod{Name: "web", Namespace: "shop", UID: podUID}
	r.Event = &record.EventInfo{Count: 8, Source: "kubelet", Type: "Warning", Container: "app"}
	owner := *r
	owner.Pod = record.NewOwner("shop",
		record.OwnerRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d9c7b8f66", UID: podUID})
	owner.Pod.Owners = &record.OwnerChain{Owners: []record.Owner{
		{OwnerRef: owner.Pod.Controller, Labels: map[string]string{"pod-template-hash": "5d9c7b8f66"}},
		{OwnerRef: record.OwnerRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}},
	}}
	owner.Pod.Complete()
	owner.Object = &record.Object{Kind: "ReplicaSet", Name: "web-5d9c7b8f66"}
	owner.Message = "ReplicaSet shop/web-5d9c7b8f66 has Event Unhealthy (no answer)"
	owner.Event = &record.EventInfo{Count: 1, Type: "Warning"}

	both := map[string]any{
		"podstatus.action": "event", "podstatus.reason": "Unhealthy", "podstatus.info": "no answer",
		"k8s.namespace.name": "shop", "k8s.cluster.name": "prod-eu", "podstatus.event.type": "Warning",
		"podstatus.resource_version": "123456790", "log.record.uid": r.ID.String(), "podstatus.seq": int64(987654),
	}
	of := func(more map[string]any) map[string]any {
		all := maps.Clone(both)
		maps.Copy(all, more)
		return all
	}
	for want, r := range map[*map[string]any]*record.Record{
		new(of(map[string]any{
			"k8s.pod.name": "web", "k8s.pod.uid": podUID, "k8s.container.name": "app",
			"podstatus.event.count": int64(8), "podstatus.event.source": "kubelet",
		})): r,
		new(of(map[string]any{
			"podstatus.object.kind": "ReplicaSet", "podstatus.object.name": "web-5d9c7b8f66",
			"podstatus.event.count": int64(1), "k8s.replicaset.name": "web-5d9c7b8f66", "k8s.deployment.name": "web",
			"service.name": "web", "service.namespace": "shop",
		})): &owner,
	} {
		got := exported(t, emit.Settings{Cluster: "prod-eu"}, r)[0]
		if diff := cmp.Diff(*want, emittest.Attributes(&got)); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
		if got.EventName() != "podstatus.event" || got.Severity() != log.SeverityWarn {
			t.Errorf("got %q %v", got.EventName(), got.Severity())
		}
		pretty := string(emit.Pretty{}.Append(nil, emit.Own(&got)))
		if !strings.Contains(pretty, "shop/web") || !strings.Contains(pretty, "event") ||
			!strings.Contains(pretty, "Unhealthy") || strings.Contains(pretty, "has Event") {
			t.Errorf("pretty line %s", pretty)
		}
	}
}

// A record of a workload has the numbers of pods that its kind has.
func TestEmitWorkloads(t *testing.T) {
	r := newUpdate(nil)
	r.Action, r.State, r.Container = record.WorkloadChange, 0, nil
	r.Reason, r.Info = "ProgressDeadlineExceeded", "timed out"
	r.Message = "Deployment shop/web has a stalled rollout: ProgressDeadlineExceeded (timed out)"
	r.Pod = record.NewWorkload("shop", []record.Owner{
		{OwnerRef: record.OwnerRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d9c7b8f66"}},
		{OwnerRef: record.OwnerRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "web", UID: podUID}},
	}, record.OwnerRef{})
	r.Object = &record.Object{Kind: "Deployment", Name: "web"}
	r.Condition = &record.Condition{Type: "Progressing", Status: "False"}
	r.Rollout = &record.RolloutInfo{
		Status: record.Stalled, Generation: 3,
		Replicas: record.Replicas{Desired: 3, Updated: 1, Succeeded: -1, Failed: -1},
	}
	got := exported(t, emit.Settings{}, r)[0]
	want := map[string]any{
		"podstatus.action": "workload", "podstatus.reason": "ProgressDeadlineExceeded", "podstatus.info": "timed out",
		"k8s.namespace.name": "shop", "podstatus.object.kind": "Deployment", "podstatus.object.name": "web",
		"podstatus.object.generation": int64(3), "podstatus.rollout.status": "stalled",
		"podstatus.replicas.desired": int64(3), "podstatus.replicas.updated": int64(1),
		"podstatus.replicas.ready": int64(0), "podstatus.replicas.available": int64(0),
		"podstatus.condition.type": "Progressing", "podstatus.condition.status": "False",
		"k8s.deployment.name": "web", "k8s.replicaset.name": "web-5d9c7b8f66",
		"service.name": "web", "service.namespace": "shop",
		"podstatus.resource_version": "123456790", "log.record.uid": r.ID.String(), "podstatus.seq": int64(987654),
	}
	if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" || got.EventName() != "podstatus.workload" {
		t.Errorf("event name %q, attributes (-want +got):\n%s", got.EventName(), diff)
	}
	r.Rollout.Status = 0
	r.Rollout.Replicas = record.Replicas{Desired: 4, Updated: -1, Available: -1, Succeeded: 2, Failed: 1}
	got = exported(t, emit.Settings{}, r)[0]
	delete(want, "podstatus.rollout.status")
	delete(want, "podstatus.replicas.updated")
	delete(want, "podstatus.replicas.available")
	want["podstatus.replicas.desired"] = int64(4)
	want["podstatus.replicas.succeeded"], want["podstatus.replicas.failed"] = int64(2), int64(1)
	if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" {
		t.Errorf("attributes of a Job (-want +got):\n%s", diff)
	}
	pretty := string(emit.Pretty{}.Append(nil, emit.Own(&got)))
	if !strings.Contains(pretty, "shop/web") || !strings.Contains(pretty, "stalled rollout") {
		t.Errorf("pretty line %s", pretty)
	}
}

// A record about a time of which Events may be missing is about no pod.
func TestEmitGap(t *testing.T) {
	r := &record.Record{
		Time: received, Level: record.LevelWarning, Message: "Events may be missing", Action: record.Gap, Seq: 9,
		ResourceVersion: "7", Gap: &record.GapInfo{From: received.Add(-2 * time.Hour), To: received},
	}
	got := exported(t, emit.Settings{Cluster: "prod-eu"}, r)[0]
	want := map[string]any{
		"podstatus.action": "gap", "k8s.cluster.name": "prod-eu", "podstatus.resource_version": "7",
		"podstatus.gap.from": "2026-11-23T14:45:24.468Z", "podstatus.gap.to": "2026-11-23T16:45:24.468Z",
		"log.record.uid": strings.Repeat("0", 32), "podstatus.seq": int64(9),
	}
	if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" || got.EventName() != "podstatus.gap" {
		t.Errorf("event name %q, attributes (-want +got):\n%s", got.EventName(), diff)
	}
}

// A record that announces dropped ones is about no pod.
func TestEmitDropped(t *testing.T) {
	r := &record.Record{
		Time: received, Level: record.LevelError, Message: "3 records were dropped", Action: record.Drop, Seq: 9,
		Dropped: &record.Dropped{Records: 3, FirstSeq: 4, LastSeq: 6, Total: 9},
	}
	got := exported(t, emit.Settings{Cluster: "prod-eu"}, r)[0]
	want := map[string]any{
		"podstatus.action": "drop", "podstatus.dropped.records": int64(3), "podstatus.dropped.first_seq": int64(4),
		"podstatus.dropped.last_seq": int64(6), "podstatus.dropped.total": int64(9),
		"k8s.cluster.name": "prod-eu", "log.record.uid": strings.Repeat("0", 32), "podstatus.seq": int64(9),
	}
	if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if got.EventName() != "podstatus.drop" || got.Severity() != log.SeverityError {
		t.Errorf("got %q %v", got.EventName(), got.Severity())
	}
	line := string(emit.NewJSON().Append(nil, emit.Own(&got)))
	if want := `{"time":"2026-11-23T16:45:24.468000000Z","level":"error","msg":"3 records were dropped","action":"drop","cluster":"prod-eu",` +
		`"dropped":3,"dropped_first_seq":4,"dropped_last_seq":6,"dropped_total":9,"record_id":"00000000000000000000000000000000","seq":9}` + "\n"; line != want {
		t.Errorf("line %s, want %s", line, want)
	}
	if pretty := string(emit.Pretty{}.Append(nil, emit.Own(&got))); !strings.Contains(pretty, "drop ") ||
		!strings.Contains(pretty, r.Message) || strings.Contains(pretty, "/") {
		t.Errorf("for people: %s", pretty)
	}
}

// The smallest records: unknown values are left out, except for those that the contract
// promises.
func TestEmitLittle(t *testing.T) {
	minimal := func(change func(*record.Record)) *record.Record {
		r := &record.Record{
			Time: received, Message: "said", Action: record.Create, ResourceVersion: "1", Seq: 1,
			Pod: &record.Pod{Name: "web", Namespace: "shop", UID: "u", Phase: "Pending"},
		}
		change(r)
		return r
	}
	always := map[string]any{
		"k8s.pod.name": "web", "k8s.namespace.name": "shop", "k8s.pod.uid": "u", "k8s.pod.status.phase": "Pending",
		"podstatus.resource_version": "1", "log.record.uid": strings.Repeat("0", 32), "podstatus.seq": int64(1),
	}
	container := map[string]any{
		"k8s.container.name": "app", "podstatus.container.type": "container", "container.image.name": "",
		"podstatus.container.ready": false, "k8s.container.restart_count": int64(0), "k8s.container.status.state": "waiting",
	}
	for name, test := range map[string]struct {
		change   func(*record.Record)
		event    string
		severity log.Severity
		text     string
		want     []map[string]any // besides always
	}{
		"create": {
			func(*record.Record) {}, "podstatus.create", log.SeverityInfo, "INFO",
			[]map[string]any{{"podstatus.action": "create"}},
		},
		"delete": {
			func(r *record.Record) { r.Action = record.Delete }, "podstatus.delete", log.SeverityInfo, "INFO",
			[]map[string]any{{"podstatus.action": "delete"}},
		},
		"waiting for no reason": {
			func(r *record.Record) {
				r.Action, r.State, r.Level = record.Update, record.Waiting, record.LevelWarning
			},
			"podstatus.update", log.SeverityWarn, "WARN",
			[]map[string]any{{
				"podstatus.action": "update", "podstatus.state": "waiting", "podstatus.reason": "", "podstatus.info": "",
			}},
		},
		"running": {
			func(r *record.Record) { r.Action, r.State = record.Update, record.Running },
			"podstatus.update", log.SeverityInfo, "INFO",
			[]map[string]any{{"podstatus.action": "update", "podstatus.state": "running"}},
		},
		"container": {
			func(r *record.Record) {
				r.Action, r.State, r.Level = record.Update, record.Error, record.LevelError
				r.Container = &record.Container{Name: "app", Status: "waiting"}
			},
			"podstatus.update", log.SeverityError, "ERROR",
			[]map[string]any{{
				"podstatus.action": "update", "podstatus.state": "error", "podstatus.reason": "", "podstatus.info": "",
			}, container},
		},
		"container ended well": {
			func(r *record.Record) {
				r.Action, r.State = record.Update, record.Terminated
				r.Container = &record.Container{Name: "app", Status: "waiting", Terminated: true}
			},
			"podstatus.update", log.SeverityInfo, "INFO",
			[]map[string]any{
				{"podstatus.action": "update", "podstatus.state": "terminated", "podstatus.container.exit_code": int64(0)},
				container,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := exported(t, emit.Settings{}, minimal(test.change))[0]
			if got.EventName() != test.event || got.Severity() != test.severity || got.SeverityText() != test.text {
				t.Errorf("got %q %v %q", got.EventName(), got.Severity(), got.SeverityText())
			}
			if got.TraceID().IsValid() || got.SpanID().IsValid() {
				t.Error("there is a trace context")
			}
			want := maps.Clone(always)
			for _, more := range test.want {
				maps.Copy(want, more)
			}
			if diff := cmp.Diff(want, emittest.Attributes(&got)); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

// The trace context of one record is not that of the next.
func TestEmitTraceContextOfOneRecord(t *testing.T) {
	traced, plain := newCreate(nil), newCreate(nil)
	traced.SpanContext = newSpanContext(t)
	got := exported(t, emit.Settings{}, traced, plain)
	if !got[0].TraceID().IsValid() || got[1].TraceID().IsValid() {
		t.Errorf("trace ids %v, %v", got[0].TraceID(), got[1].TraceID())
	}
}

// Strings of every kind are sendable.
func TestEmitMakesStringsValid(t *testing.T) {
	const bad, good = "cut \xc5 off \xff\xfe", "cut \uFFFD off \uFFFD"
	r := newUpdate(map[string]string{bad: bad})
	r.Message, r.Reason, r.Info, r.Enrichment, r.ResourceVersion = bad, bad, bad, bad, bad
	r.Container.Name, r.Container.Image, r.Container.Status = bad, bad, bad
	r.Pod.Name, r.Pod.Namespace, r.Pod.UID, r.Pod.Node, r.Pod.Phase, r.Pod.Reason = bad, bad, bad, bad, bad, bad
	r.Pod.Service = record.Service{Name: bad, Namespace: bad, Version: bad, InstanceID: bad}
	r.Pod.Workload = record.Workload{
		Deployment: bad, ReplicaSet: bad, StatefulSet: bad, DaemonSet: bad, Job: bad, CronJob: bad,
	}
	r.Attributes = []attribute.KeyValue{
		attribute.String("team."+bad, bad), attribute.StringSlice("team.list", []string{bad}),
	}

	got := exported(t, emit.Settings{Cluster: bad}, r)[0]
	if got.Body().AsString() != good {
		t.Errorf("body %q", got.Body().AsString())
	}
	attrs := emittest.Attributes(&got)
	repaired := 0
	for key, value := range attrs {
		text, isString := value.(string)
		if valid(key) != key || isString && valid(text) != text {
			t.Errorf("%q = %q", key, text)
		}
		if text == good {
			repaired++
		}
	}
	if repaired != 27 {
		t.Errorf("%d attributes are %q, want 27: %v", repaired, good, attrs)
	}
	for _, key := range []string{"k8s.pod.label." + good, "team." + good} {
		if attrs[key] != good {
			t.Errorf("%q = %q", key, attrs[key])
		}
	}
}

// The limits that the environment sets for the SDK don't apply: it would drop attributes
// over them silently. Nor does it look for duplicates, which takes quadratic time.
func TestEmitKeepsAllAttributes(t *testing.T) {
	t.Setenv("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "10")
	t.Setenv("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")
	labels := make(map[string]string)
	for i := range 400 {
		labels[fmt.Sprintf("label-%d", i)] = "value"
	}
	r := newUpdate(labels)
	r.Attributes = append(pluginAttributes(64, 4096), pluginAttributes(1, 5)...) // the last is there twice
	got := exported(t, emit.Settings{}, r)[0]
	if got.DroppedAttributes() != 0 {
		t.Errorf("%d attributes dropped", got.DroppedAttributes())
	}
	attrs := emittest.Attributes(&got)
	for key := range labels {
		if attrs["k8s.pod.label."+key] != "value" {
			t.Errorf("label %s = %v", key, attrs["k8s.pod.label."+key])
		}
	}
	if text, _ := attrs["team.attribute-63"].(string); len(text) != 4096 {
		t.Errorf("attribute of %d bytes, want 4096", len(text))
	}
	if got.AttributesLen() != len(attrs)+1 {
		t.Errorf("%d attributes with %d keys: the SDK looked for duplicates", got.AttributesLen(), len(attrs))
	}
}

// A provider keeps a logger for every scope that it is asked for.
func TestEmitUsesOneLogger(t *testing.T) {
	var records []*record.Record
	for i := range 100 {
		r := newUpdate(map[string]string{"app": strconv.Itoa(i)})
		r.Pod.Name, r.Pod.UID = fmt.Sprint("pod-", i), strconv.Itoa(i)
		records = append(records, r)
	}
	got := exported(t, emit.Settings{Version: "1"}, records...)
	for i := range got {
		if got[i].InstrumentationScope() != got[0].InstrumentationScope() {
			t.Fatalf("scopes %+v, %+v", got[0].InstrumentationScope(), got[i].InstrumentationScope())
		}
	}
}

// The bridge takes an attribute whose value is an error for an exception.
func TestEmitGivesNoExceptions(t *testing.T) {
	r := newUpdate(map[string]string{"error": "x", "err": "y"})
	r.State, r.Reason, r.Enrichment = record.Error, "Error", "team: error"
	r.Attributes = []attribute.KeyValue{attribute.String("team.error", "z")}
	attrs := emittest.Attributes(&exported(t, emit.Settings{}, r)[0])
	for key, value := range attrs {
		switch value.(type) {
		case string, bool, int64, float64:
		default:
			t.Errorf("%s is a %T", key, value)
		}
		if strings.HasPrefix(key, "exception.") {
			t.Errorf("%s = %v", key, value)
		}
	}
	for _, key := range []string{"k8s.pod.label.error", "k8s.pod.label.err", "team.error"} {
		if _, ok := attrs[key]; !ok {
			t.Errorf("no %s", key)
		}
	}
}

// Label keys that clusters make up take no memory for ever, and are right also
// when those remembered have been forgotten.
func TestEmitManyLabelKeys(t *testing.T) {
	emitter, exporter := emittest.New(emit.Settings{})
	for i := range 10_000 {
		key := fmt.Sprint("key-", i)
		if err := emitter.Emit(t.Context(), newCreate(map[string]string{key: "v", "app": "web"})); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range exporter.Records() {
		attrs := emittest.Attributes(&r)
		if attrs[fmt.Sprint("k8s.pod.label.key-", i)] != "v" || attrs["k8s.pod.label.app"] != "web" {
			t.Fatalf("record %d: %v", i, attrs)
		}
	}
}

func TestEmitResource(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "region=eu,team=env")
	own := resource.NewWithAttributes(semconv.SchemaURL, attribute.String("team", "code"))
	for name, test := range map[string]struct {
		resource *resource.Resource
		want     []attribute.KeyValue
	}{
		"own wins": {own, []attribute.KeyValue{attribute.String("region", "eu"), attribute.String("team", "code")}},
		"none":     {nil, []attribute.KeyValue{attribute.String("region", "eu"), attribute.String("team", "env")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := exported(t, emit.Settings{Resource: test.resource}, newCreate(nil))[0].Resource().Attributes()
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// The emitter keeps nothing of a record: the caller may use it again.
func TestEmitKeepsNothing(t *testing.T) {
	emitter, exporter := emittest.New(emit.Settings{})
	r := newUpdate(templateLabels())
	var want []string
	for i := range 3 {
		r.Info = fmt.Sprint("info ", i)
		r.Container.Name = fmt.Sprint("container-", i)
		want = append(want, r.Info+" "+r.Container.Name)
		if err := emitter.Emit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, r := range exporter.Records() {
		attrs := emittest.Attributes(&r)
		got = append(got, fmt.Sprintf("%v %v", attrs[record.AttrInfo], attrs[record.AttrContainer]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// funcProcessor is a processor of one function.
type funcProcessor func(*sdklog.Record)

var _ sdklog.Processor = funcProcessor(nil)

func (funcProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (funcProcessor) ForceFlush(context.Context) error                       { return nil }
func (funcProcessor) Shutdown(context.Context) error                         { return nil }

func (p funcProcessor) OnEmit(_ context.Context, r *sdklog.Record) error {
	p(r)
	return nil
}

// contextProcessor is a processor that looks at contexts.
type contextProcessor func(context.Context)

var _ sdklog.Processor = contextProcessor(nil)

func (contextProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (contextProcessor) ForceFlush(context.Context) error                       { return nil }
func (contextProcessor) Shutdown(context.Context) error                         { return nil }

func (p contextProcessor) OnEmit(ctx context.Context, _ *sdklog.Record) error {
	p(ctx)
	return nil
}

// Processors get records in the order of the settings, while Emit runs, with
// their event names.
func TestProcessorsInOrder(t *testing.T) {
	var got []string
	sink := func(name string) sdklog.Processor {
		return funcProcessor(func(r *sdklog.Record) { got = append(got, name+" "+r.EventName()) })
	}
	emitter := emit.New(emit.Settings{Processors: []sdklog.Processor{sink("first"), sink("second")}})
	if err := emitter.Emit(t.Context(), newCreate(nil)); err != nil {
		t.Fatal(err)
	}
	want := []string{"first podstatus.create", "second podstatus.create"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
