//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// onStdout is the key on stdout for each OTLP attribute.
var onStdout = map[string]string{
	"podstatus.action": "action", "podstatus.state": "state", "podstatus.reason": "reason", "podstatus.info": "info",
	"k8s.pod.name": "pod", "k8s.namespace.name": "namespace", "k8s.pod.uid": "pod_uid", "k8s.node.name": "node",
	"k8s.cluster.name":     "cluster",
	"k8s.pod.status.phase": "phase", "k8s.container.name": "container", "podstatus.container.type": "container_type",
	"container.image.name": "image", "podstatus.container.ready": "ready", "k8s.container.restart_count": "restart_count",
	"podstatus.container.exit_code": "exit_code", "podstatus.container.signal": "signal",
	"podstatus.occurred_at": "occurred_at",
	"podstatus.device.id":   "device", "podstatus.device.health": "device_health",
	"podstatus.condition.type": "condition", "podstatus.condition.status": "condition_status",
	"podstatus.initial": "initial", "podstatus.recovered": "recovered", "podstatus.resource_version": "resource_version",
	"podstatus.object.kind": "object_kind", "podstatus.object.name": "object_name",
	"podstatus.event.type": "event_type", "podstatus.event.count": "event_count", "podstatus.event.source": "event_source",
	"podstatus.gap.from": "gap_from", "podstatus.gap.to": "gap_to",
	"log.record.uid": "record_id", "podstatus.seq": "seq", "podstatus.enrichment": "enrichment",
}

// inResource are the attributes of the OTLP resource.
var inResource = map[string]bool{
	"k8s.pod.name": true, "k8s.namespace.name": true, "k8s.pod.uid": true, "k8s.node.name": true, "k8s.cluster.name": true,
}

// onlyOTLP are prefixes of attributes without a key on stdout.
var onlyOTLP = []string{
	"service.", "k8s.deployment.", "k8s.replicaset.", "k8s.statefulset.", "k8s.job.", "k8s.cronjob.",
	"k8s.container.status.", "k8s.pod.status.reason",
}

// collected parses the file exporter's lines into records with the keys of stdout, in the
// order of their arrival.
func collected(t *testing.T, file string) (all []object) {
	t.Helper()
	for line := range strings.Lines(file) {
		var request object
		if err := json.Unmarshal([]byte(line), &request); err != nil {
			t.Fatalf("collector: %v", err)
		}
		for _, resource := range list(request, "resourceLogs") {
			for _, scope := range list(resource, "scopeLogs") {
				for _, rec := range list(scope, "logRecords") {
					all = append(all, fromOTLP(t, resource, rec))
				}
			}
		}
	}
	return all
}

// fromOTLP returns a record with the keys of stdout.
func fromOTLP(t *testing.T, resource, rec object) object {
	t.Helper()
	out := object{
		"msg": text(rec, "body", "stringValue"), "time": timeOf(t, text(rec, "timeUnixNano")),
		"level": map[string]string{"INFO": "info", "WARN": "warning", "ERROR": "error"}[text(rec, "severityText")],
	}
	for field, name := range map[string]string{"traceId": "trace_id", "spanId": "span_id"} {
		if id := text(rec, field); id != "" {
			out[name] = id
		}
	}
	if sampled := rec["flags"] != nil; sampled != (out["trace_id"] == givenTrace) {
		t.Errorf("flags %v with trace %v", rec["flags"], out["trace_id"])
	}
	if want := map[any]float64{"info": 9, "warning": 13, "error": 17}[out["level"]]; rec["severityNumber"] != want {
		t.Errorf("severity number %v with level %v", rec["severityNumber"], out["level"])
	}
	put := func(isResource bool) func(object) {
		return func(kv object) {
			key := text(kv, "key")
			name, ok := onStdout[key]
			label, isLabel := strings.CutPrefix(key, "k8s.pod.label.")
			switch {
			case ok && isResource == inResource[key]:
			case isLabel && !isResource && collides(label):
				name = "label." + label
			case isLabel && !isResource:
				name = label
			case strings.HasPrefix(key, "bundle.") && !isResource:
				name = key
			case hasPrefix(key, onlyOTLP):
				name = "otlp:" + key
			default:
				t.Errorf("attribute %s is not expected there", key)
			}
			if _, twice := out[name]; twice {
				t.Errorf("attribute %s is a duplicate", key)
			}
			out[name] = valueOf(t, at(kv, "value"))
		}
	}
	each(list(resource, "resource", "attributes"), put(true))
	each(list(rec, "attributes"), put(false))
	if want := "podstatus." + fmt.Sprint(out["action"]); rec["eventName"] != want {
		t.Errorf("event name %v, want %s", rec["eventName"], want)
	}
	for _, key := range []string{"service.name", "service.namespace", "service.instance.id"} {
		// Events may be about objects without instances or about pods of which nothing is known any
		// more, and gaps are about none.
		if out["otlp:"+key] == nil && out["phase"] != nil {
			t.Errorf("no %s of pod %v", key, out["pod"])
		}
	}
	for key := range out {
		if strings.HasPrefix(key, "otlp:") {
			delete(out, key)
		}
	}
	return out
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func each(all []object, do func(object)) {
	for _, o := range all {
		do(o)
	}
}

func valueOf(t *testing.T, v object) any {
	t.Helper()
	switch {
	case v["intValue"] != nil:
		return float64(number(t, fmt.Sprint(v["intValue"])))
	case v["boolValue"] != nil:
		return v["boolValue"]
	}
	return text(v, "stringValue") // absent if it is empty
}

func timeOf(t *testing.T, nanos string) string {
	t.Helper()
	n, err := strconv.ParseInt(nanos, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(0, n).UTC().Format("2006-01-02T15:04:05.000000000Z")
}

// checkCollector checks that the Collector has the records of stdout, each once, in order.
func checkCollector(t *testing.T, lines, received []object) {
	t.Helper()
	if len(lines) != len(received) {
		t.Errorf("%d records at the Collector, %d on stdout", len(received), len(lines))
	}
	for i := range min(len(lines), len(received)) {
		if diff := cmp.Diff(lines[i], received[i]); diff != "" {
			t.Fatalf("record %d (-stdout +Collector):\n%s", i+1, diff)
		}
	}
}
