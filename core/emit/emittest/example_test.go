package emittest_test

import (
	"context"
	"fmt"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A test reads back the records that the code under test emits.
func ExampleNew() {
	emitter, exporter := emittest.New(emit.Settings{Cluster: "prod"})
	err := emitter.Emit(context.Background(), &record.Record{
		Action: record.Update, State: record.Error, Level: record.LevelError, Reason: "ImagePullBackOff",
		Message: "container web is waiting", Pod: &record.Pod{Namespace: "shop", Name: "cart-0"},
	})
	if err != nil {
		fmt.Println(err)
	}
	for _, r := range exporter.Records() {
		attributes := emittest.Attributes(&r)
		fmt.Println(r.SeverityText(), r.EventName(), r.Body().AsString())
		fmt.Println(attributes["k8s.pod.name"], attributes[record.AttrState], attributes[record.AttrReason])
	}
	// Output:
	// ERROR podstatus.update container web is waiting
	// cart-0 error ImagePullBackOff
}
