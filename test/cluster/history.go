package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// Prefixes of kube-apiserver, as in /registry/pods/NAMESPACE/NAME.
const (
	podPrefix   = "/registry/pods/"
	eventPrefix = "/registry/events/"
)

// change is one line of history's output, in the form of a watch event. Pod or Event is set.
type change struct {
	Type            string        `json:"type"`
	ResourceVersion string        `json:"resource_version"`
	Pod             *corev1.Pod   `json:"pod,omitempty"`
	Event           *corev1.Event `json:"event,omitempty"`
}

func newHistoryCommand() *cobra.Command {
	var dir string
	var follows, events bool
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Print every change of every pod since the cluster began, one JSON line each",
		Long: `Print every change of every pod since the cluster began, one JSON line each,
in the order of their revisions. It reads etcd, not the API server, so that the
result can be compared with the records of a client of the API server.

With --follow it continues until SIGTERM, over crashes of etcd. Lines of the type
BOOKMARK contain the revision up to which everything has been printed. If etcd was
compacted past that, it exits with 1. With --events it prints Events instead.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			prefix := podPrefix
			if events {
				prefix = eventPrefix
			}
			if follows {
				return follow(cmd.Context(), dir, prefix, cmd.OutOrStdout())
			}
			return history(cmd.Context(), dir, prefix, cmd.OutOrStdout())
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().BoolVar(&follows, "follow", false, "print new changes, too, until SIGTERM")
	cmd.Flags().BoolVar(&events, "events", false, "print Events of Kubernetes instead of pods")
	return cmd
}

func history(ctx context.Context, dir, prefix string, out io.Writer) error {
	client, err := dial(dir)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()

	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	head, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return fmt.Errorf("read revision of etcd: %w", err)
	}
	encoder := json.NewEncoder(out)
	return replay(ctx, client, prefix, head.Header.Revision, func(ev *clientv3.Event) error {
		c, err := newChange(ev)
		if err != nil {
			return err
		}
		return encoder.Encode(c)
	})
}

// replay calls yield for all changes from the first revision to the given last one. A watch
// doesn't contain revisions that changed no pod, possibly including the last one. So replay
// requests etcd's progress, which etcd reports only after all earlier changes.
func replay(
	ctx context.Context, client *clientv3.Client, prefix string, last int64, yield func(*clientv3.Event) error,
) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	responses := client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(1), clientv3.WithPrevKV())
	ask := time.NewTicker(50 * time.Millisecond)
	defer ask.Stop()
	for {
		select {
		case <-ask.C:
			if err := client.RequestProgress(ctx); err != nil {
				return fmt.Errorf("ask etcd for progress: %w", err)
			}
		case resp, ok := <-responses:
			if !ok {
				return errors.Join(errors.New("watch etcd: closed before the end"), ctx.Err())
			}
			if done, err := forward(resp, last, yield); done || err != nil {
				return err
			}
		}
	}
}

// forward calls yield for the changes in one response; done reports whether the last revision
// has been reached.
func forward(resp clientv3.WatchResponse, last int64, yield func(*clientv3.Event) error) (done bool, err error) {
	if err := resp.Err(); err != nil {
		return false, fmt.Errorf("watch etcd: %w", err)
	}
	if resp.IsProgressNotify() {
		return resp.Header.Revision >= last, nil
	}
	for _, ev := range resp.Events {
		if ev.Kv.ModRevision > last {
			return true, nil
		}
		if err := yield(ev); err != nil {
			return false, err
		}
	}
	return false, nil
}

// newChange converts an event of etcd as the API server's watch does: a deleted pod has its
// last state and the revision of the deletion.
func newChange(ev *clientv3.Event) (change, error) {
	c := change{Type: "MODIFIED", ResourceVersion: strconv.FormatInt(ev.Kv.ModRevision, 10)}
	value := ev.Kv.Value
	switch {
	case ev.Type == mvccpb.DELETE:
		if ev.PrevKv == nil {
			return c, fmt.Errorf("read deletion of %s: the value before is not there", ev.Kv.Key)
		}
		c.Type, value = "DELETED", ev.PrevKv.Value
	case ev.IsCreate():
		c.Type = "ADDED"
	}
	if err := c.decode(value); err != nil {
		return c, fmt.Errorf("read %s at revision %s: %w", ev.Kv.Key, c.ResourceVersion, err)
	}
	return c, nil
}

// decode reads a stored object, which is a protobuf message behind "k8s\0".
func (c *change) decode(value []byte) error {
	obj, err := runtime.Decode(scheme.Codecs.UniversalDeserializer(), value)
	if err != nil {
		return err
	}
	switch obj := obj.(type) {
	case *corev1.Pod:
		obj.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
		obj.ResourceVersion, c.Pod = c.ResourceVersion, obj
	case *corev1.Event:
		obj.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Event"))
		obj.ResourceVersion, c.Event = c.ResourceVersion, obj
	default:
		return fmt.Errorf("want a pod or an Event, have %T", obj)
	}
	return nil
}
