// Command informer logs what happens to the containers of pods, as one writes
// such a program in an afternoon: an informer, slog in JSON on stdout, and the
// OpenTelemetry bridge with the stock batch processor and exporter.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
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
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	exporter, err := otlploggrpc.New(ctx) // to where OTEL_EXPORTER_OTLP_ENDPOINT says
	if err != nil {
		return fmt.Errorf("make exporter: %w", err)
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	defer func() { _ = provider.Shutdown(context.WithoutCancel(ctx)) }()
	slog.SetDefault(slog.New(slog.NewMultiHandler(
		slog.NewJSONHandler(os.Stdout, nil),
		otelslog.NewHandler("pods", otelslog.WithLoggerProvider(provider)),
	)))

	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	if _, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { logPod("create", obj) },
		UpdateFunc: func(before, now any) { logChanges(before.(*corev1.Pod), now.(*corev1.Pod)) },
		DeleteFunc: func(obj any) { logPod("delete", obj) },
	}); err != nil {
		return fmt.Errorf("add handler: %w", err)
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}

func logPod(action string, obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	if pod, ok := obj.(*corev1.Pod); ok {
		slog.Info("pod "+action, attributes(pod, action)...)
	}
}

// logChanges logs each container that has changed, or else the pod.
func logChanges(before, now *corev1.Pod) {
	if before.ResourceVersion == now.ResourceVersion {
		return
	}
	known := make(map[string]corev1.ContainerStatus)
	for _, c := range before.Status.ContainerStatuses {
		known[c.Name] = c
	}
	changed := false
	for _, c := range now.Status.ContainerStatuses {
		if old, ok := known[c.Name]; ok && old.Ready == c.Ready && old.RestartCount == c.RestartCount &&
			stateOf(old) == stateOf(c) {
			continue
		}
		changed = true
		slog.Info("container update", append(attributes(now, "update"), containerAttributes(c)...)...)
	}
	if !changed {
		logPod("update", now)
	}
}

func attributes(pod *corev1.Pod, action string) []any {
	all := []any{
		"action", action, "pod", pod.Name, "namespace", pod.Namespace, "pod_uid", string(pod.UID), "node", pod.Spec.NodeName,
		"phase", string(pod.Status.Phase), "resource_version", pod.ResourceVersion,
	}
	for key, value := range pod.Labels {
		all = append(all, key, value)
	}
	return all
}

func containerAttributes(c corev1.ContainerStatus) []any {
	s := stateOf(c)
	return []any{
		"container", c.Name, "image", c.Image, "ready", c.Ready, "restart_count", c.RestartCount,
		"state", s.state, "reason", s.reason, "info", s.info, "exit_code", s.exitCode,
	}
}

type containerState struct {
	state, reason, info string
	exitCode            int32
}

func stateOf(c corev1.ContainerStatus) containerState {
	switch s := c.State; {
	case s.Waiting != nil:
		return containerState{state: "waiting", reason: s.Waiting.Reason, info: s.Waiting.Message}
	case s.Terminated != nil:
		return containerState{"terminated", s.Terminated.Reason, s.Terminated.Message, s.Terminated.ExitCode}
	default:
		return containerState{state: "running"}
	}
}
