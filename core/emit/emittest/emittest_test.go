package emittest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestExporterKeepsRecords(t *testing.T) {
	second := &emittest.Exporter{}
	emitter, exporter := emittest.New(emit.Settings{Processors: []sdklog.Processor{sdklog.NewSimpleProcessor(second)}})
	for _, name := range []string{"a", "b"} {
		r := &record.Record{Time: time.Unix(1, 0), Action: record.Create, Pod: &record.Pod{Name: name}}
		if err := emitter.Emit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]*emittest.Exporter{"own": exporter, "settings'": second} {
		var got []any
		for _, r := range x.Records() {
			got = append(got, emittest.Attributes(&r)["k8s.pod.name"])
		}
		if diff := cmp.Diff([]any{"a", "b"}, got); diff != "" {
			t.Errorf("%s exporter (-want +got):\n%s", name, diff)
		}
	}
}

func TestRecordsIsACopy(t *testing.T) {
	emitter, exporter := emittest.New(emit.Settings{})
	r := &record.Record{Message: "said", Action: record.Create, Pod: &record.Pod{}}
	if err := emitter.Emit(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	exporter.Records()[0].SetEventName("changed")
	if got := exporter.Records()[0].EventName(); got != "podstatus.create" {
		t.Errorf("event name %q", got)
	}
}
