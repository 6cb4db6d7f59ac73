package watch_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// A reader that handles the pods of a list and their deletion. The scripted server
// stands in for a cluster.
func ExampleStream() {
	server := apiscript.NewServer()
	defer server.Close()
	server.Create(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart-0"}})

	client, err := watch.NewClient(server.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	events, done := make(chan watch.Event), make(chan error)
	stream := watch.New(watch.Settings{Client: client, Resource: watch.Pods()})
	go func() { done <- stream.Run(ctx, "", events) }()

	for ctx.Err() == nil {
		ev := <-events
		switch ev.Kind {
		case watch.Present:
			fmt.Println("exists:", ev.Pod().Name)
		case watch.Listed:
			fmt.Println("checkpoint:", ev.ResourceVersion)
			server.Delete("shop", "cart-0")
		case watch.Deleted:
			fmt.Println("deleted:", ev.Pod().Name)
			stop()
		}
		ev.Release()
	}
	fmt.Println(<-done)
	// Output:
	// exists: cart-0
	// checkpoint: 1001
	// deleted: cart-0
	// context canceled
}
