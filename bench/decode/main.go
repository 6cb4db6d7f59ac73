// Command decode is a bare watch of pods by client-go, in protobuf: it decodes each pod and
// discards it. A hundred times a second, it prints which event was the last.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pod-status-logger/pod-status-logger/bench/debug"
)

func main() {
	debug.Serve()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(),
		nil).ClientConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	config.ContentType = runtime.ContentTypeProtobuf
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	w, err := client.CoreV1().Pods("").Watch(ctx, metav1.ListOptions{
		AllowWatchBookmarks: true, SendInitialEvents: new(true),
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	var last atomic.Pointer[string]
	go printProgress(&last)
	for ev := range w.ResultChan() {
		pod, ok := ev.Object.(*corev1.Pod)
		if !ok {
			return fmt.Errorf("got a %T", ev.Object)
		}
		last.Store(&pod.ResourceVersion)
	}
	return errors.New("the watch ended")
}

// printProgress writes the last resourceVersion when it has changed.
func printProgress(last *atomic.Pointer[string]) {
	var told string
	for range time.Tick(10 * time.Millisecond) {
		if now := last.Load(); now != nil && *now != told {
			told = *now
			fmt.Println(told)
		}
	}
}
