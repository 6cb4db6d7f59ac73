package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
)

func TestFollowPrintsChangesAndProgress(t *testing.T) {
	var out bytes.Buffer
	f := &follower{encoder: json.NewEncoder(&out), next: 1}
	pod := stored(t, corev1.PodPending)
	for _, resp := range []clientv3.WatchResponse{
		events(put(pod, 5), put(pod, 6)),
		progress(6),
		progress(9),
		progress(9),
		events(&clientv3.Event{
			Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{ModRevision: 11}, PrevKv: &mvccpb.KeyValue{Value: pod},
		}),
	} {
		if err := f.print(resp); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"ADDED 5", "MODIFIED 6", "BOOKMARK 9", "DELETED 11"}
	if got := printed(t, out.String()); !slices.Equal(got, want) {
		t.Errorf("have lines %q, want %q", got, want)
	}
	if f.next != 12 {
		t.Errorf("goes on from revision %d, want 12", f.next)
	}
}

// A missed change must end the follower, whatever else ends its watch.
func TestFollowGivesUpWhereChangesAreLost(t *testing.T) {
	pod := stored(t, corev1.PodPending)
	tests := map[string]struct {
		resp  clientv3.WatchResponse
		fatal bool
	}{
		"compacted past it":      {clientv3.WatchResponse{Canceled: true, CompactRevision: 20}, true},
		"deletion without value": {events(&clientv3.Event{Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{ModRevision: 11}}), true},
		"not a pod":              {events(put([]byte("k8s\x00?"), 5)), true},
		"cancelled":              {clientv3.WatchResponse{Canceled: true}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &follower{encoder: json.NewEncoder(io.Discard), next: 10}
			err := f.print(tt.resp)
			if err == nil || fatal(err) != tt.fatal {
				t.Errorf("have error %v, fatal %v, want %v", err, fatal(err), tt.fatal)
			}
		})
	}
	if !fatal(rpctypes.ErrCompacted) || fatal(errors.New("watch etcd: closed")) {
		t.Error("compaction is fatal, the end of a watch is not")
	}
	f := &follower{encoder: json.NewEncoder(failing{}), next: 1}
	if err := f.print(events(put(pod, 5))); !fatal(err) {
		t.Errorf("have %v, want a line that can't be written to be fatal", err)
	}
}

// put is an update of an object created at revision 5.
func put(pod []byte, modified int64) *clientv3.Event {
	return &clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Value: pod, CreateRevision: 5, ModRevision: modified}}
}

func events(all ...*clientv3.Event) clientv3.WatchResponse {
	return clientv3.WatchResponse{Events: all}
}

func progress(revision int64) clientv3.WatchResponse {
	return clientv3.WatchResponse{Header: &etcdserverpb.ResponseHeader{Revision: revision}}
}

func printed(t *testing.T, out string) (lines []string) {
	t.Helper()
	for line := range strings.Lines(out) {
		var c struct {
			Type            string
			ResourceVersion string `json:"resource_version"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, c.Type+" "+c.ResourceVersion)
	}
	return lines
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space") }
