package recording_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/recording"
)

// A recording of kubectl is replayed. Entries that are not events of pods are reported with
// their line, and skipped.
func ExampleReplay() {
	kubectl := strings.NewReader(`{"type":"ADDED","object":{"metadata":{"namespace":"shop","name":"cart-0"}}}
not JSON
{"type":"DELETED","object":{"metadata":{"namespace":"shop","name":"cart-0"}}}
`)
	events, done := make(chan watch.Event, 2), make(chan error)
	go func() {
		defer close(events)
		done <- recording.Replay(context.Background(), kubectl, events, func(line int, _ error) {
			fmt.Println("no event in line", line)
		})
	}()
	fmt.Println(<-done)
	for ev := range events {
		fmt.Println(ev.Kind, ev.Pod().Namespace, ev.Pod().Name)
	}
	// Output:
	// no event in line 2
	// <nil>
	// added shop cart-0
	// deleted shop cart-0
}
