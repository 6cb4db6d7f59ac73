package v1

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// TestNumbers: the numbers of the record's enumerations are those of the wire.
func TestNumbers(t *testing.T) {
	for action, want := range map[record.Action]enrichv1.Action{
		record.Create: enrichv1.Action_ACTION_CREATE,
		record.Update: enrichv1.Action_ACTION_UPDATE,
		record.Delete: enrichv1.Action_ACTION_DELETE,
	} {
		if got := enrichv1.Action(action); got != want {
			t.Errorf("%v is %v", action, got)
		}
	}
	for state, want := range map[record.State]enrichv1.State{
		0:                 enrichv1.State_STATE_UNSPECIFIED,
		record.Waiting:    enrichv1.State_STATE_WAITING,
		record.Running:    enrichv1.State_STATE_RUNNING,
		record.Error:      enrichv1.State_STATE_ERROR,
		record.Terminated: enrichv1.State_STATE_TERMINATED,
	} {
		if got := enrichv1.State(state); got != want {
			t.Errorf("%v is %v", state, got)
		}
	}
}

func fullRecord() record.Record {
	return record.Record{
		Time: time.Unix(1, 2), Action: record.Update, State: record.Terminated, Reason: "OOMKilled", Info: "bad \xff byte",
		Initial: true, Recovered: true, ResourceVersion: "42", ID: record.ID{1},
		Pod: &record.Pod{
			Name: "web-0", Namespace: "shop", UID: "u", Node: "n", Phase: "Running", Reason: "r",
			Labels:      record.NewLabels(map[string]string{"app": "web", "tier": ""}),
			Annotations: record.NewLabels(map[string]string{"a": "1", "b": "2"}),
			Owners: &record.OwnerChain{Pending: true, Owners: []record.Owner{{
				OwnerRef: record.OwnerRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "o"},
				Labels:   map[string]string{"x": "1", "y": "2"}, Annotations: map[string]string{"p": "1", "q": "2"},
			}}},
		},
		Container: &record.Container{
			Name: "c", Type: record.Sidecar, Image: "i:1", Ready: true, RestartCount: 3,
			Terminated: true, ExitCode: 0, Signal: 9,
		},
	}
}

// TestNeeds checks that a plugin receives the data that it needs, and no more.
func TestNeeds(t *testing.T) {
	owner := &enrichv1.Owner{ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", Uid: "o"}
	withKeys := &enrichv1.Owner{
		ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", Uid: "o",
		Labels: map[string]string{"x": "1"}, Annotations: map[string]string{"q": "2"},
	}
	full := func(pod *enrichv1.Pod) *enrichv1.Record {
		pod.Name, pod.Namespace, pod.Uid = "web-0", "shop", "u"
		pod.Node, pod.Phase, pod.Reason = "n", "Running", "r"
		return &enrichv1.Record{
			Action: enrichv1.Action_ACTION_UPDATE, State: enrichv1.State_STATE_TERMINATED,
			Reason: "OOMKilled", Info: "bad \uFFFD byte",
			TimeUnixNano: 1_000_000_002, Pod: pod, Initial: true, Recovered: true, ResourceVersion: "42",
			RecordId: "01000000000000000000000000000000",
			Container: &enrichv1.Container{
				Name: "c", Type: enrichv1.ContainerType_CONTAINER_TYPE_SIDECAR, Image: "i:1", Ready: true,
				RestartCount: 3, ExitCode: new(int32), Signal: 9,
			},
		}
	}
	all := map[string]string{"app": "web", "tier": ""}
	for name, c := range map[string]struct {
		needs *enrichv1.Needs
		want  *enrichv1.Record
	}{
		"nothing said": {nil, full(&enrichv1.Pod{Labels: all})},
		"keys": {
			&enrichv1.Needs{
				Labels: []string{"tier", "none"}, Annotations: []string{"b"},
				Owners: &enrichv1.OwnerNeeds{Labels: []string{"x"}, Annotations: []string{"q", "none"}},
			},
			full(&enrichv1.Pod{
				Labels: map[string]string{"tier": ""}, Annotations: map[string]string{"b": "2"},
				Owners: []*enrichv1.Owner{withKeys}, OwnersPending: true,
			}),
		},
		"owners by name": {
			&enrichv1.Needs{Owners: &enrichv1.OwnerNeeds{}},
			full(&enrichv1.Pod{Labels: all, Owners: []*enrichv1.Owner{owner}, OwnersPending: true}),
		},
		"pod only": {
			&enrichv1.Needs{PodOnly: true},
			&enrichv1.Record{Pod: &enrichv1.Pod{Name: "web-0", Namespace: "shop", Uid: "u", Labels: all}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := &Client{needs: c.needs}
			got := w.request([]record.Record{fullRecord()}).GetRecords()
			if diff := cmp.Diff([]*enrichv1.Record{c.want}, got, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoLookUps: if owners are not looked up, as in replay, a plugin that needs them sees the
// controller that the pod itself names.
func TestNoLookUps(t *testing.T) {
	r := fullRecord()
	pod := *r.Pod
	pod.Owners = nil
	pod.Controller = record.OwnerRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "o"}
	r.Pod = &pod
	owners := func(needs *enrichv1.Needs) []*enrichv1.Owner {
		return (&Client{needs: needs}).request([]record.Record{r}).GetRecords()[0].GetPod().GetOwners()
	}
	want := []*enrichv1.Owner{{ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", Uid: "o"}}
	if diff := cmp.Diff(want, owners(&enrichv1.Needs{Owners: &enrichv1.OwnerNeeds{}}), protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := owners(nil); got != nil {
		t.Errorf("a plugin that needs no owners sees %v", got)
	}
	pod.Controller = record.OwnerRef{}
	if got := owners(&enrichv1.Needs{Owners: &enrichv1.OwnerNeeds{}}); got != nil {
		t.Errorf("a pod without a controller has the owners %v", got)
	}
}

// TestSharedPod: the messages of one event's records share their pod, like the records.
func TestSharedPod(t *testing.T) {
	a, b := fullRecord(), record.Record{Pod: &record.Pod{Name: "web-1"}}
	sent := (&Client{}).request([]record.Record{a, a, b, b}).GetRecords()
	pod := func(i int) *enrichv1.Pod { return sent[i].GetPod() }
	if pod(0) != pod(1) || pod(2) != pod(3) || pod(1) == pod(2) {
		t.Error("pods are not shared by the records of one event")
	}
}

// TestAnswer: the parts of an answer are those of the patch.
func TestAnswer(t *testing.T) {
	service := &answering{answer: &enrichv1.EnrichResponse{Patches: []*enrichv1.Patch{{
		Attributes: []*enrichv1.Attribute{
			{Key: "a.s", Value: &enrichv1.Attribute_StringValue{StringValue: "x"}},
			{Key: "a.b", Value: &enrichv1.Attribute_BoolValue{BoolValue: true}},
			{Key: "a.i", Value: &enrichv1.Attribute_IntValue{IntValue: -1}},
			{Key: "a.f", Value: &enrichv1.Attribute_DoubleValue{DoubleValue: 1.5}},
			{Key: "a.none"},
		},
		Traceparent: "tp", Tracestate: "ts", Suppress: true, Error: "e",
	}}}}
	patches, err := dial(t, service).Patch(t.Context(), []record.Record{fullRecord()})
	if err != nil || len(patches) != 1 {
		t.Fatalf("%v, error %v", patches, err)
	}
	p := patches[0]
	var values []string
	for _, kv := range p.Attributes {
		values = append(values, string(kv.Key)+"="+kv.Value.String())
	}
	if diff := cmp.Diff([]string{"a.s=x", "a.b=true", "a.i=-1", "a.f=1.5", "a.none="}, values); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if p.Traceparent != "tp" || p.Tracestate != "ts" || !p.Suppress || p.Error != "e" {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff("bad \uFFFD byte", service.got.GetRecords()[0].GetInfo()); diff != "" {
		t.Error(diff)
	}
}

type answering struct {
	enrichv1.UnimplementedEnricherServiceServer
	answer *enrichv1.EnrichResponse
	got    *enrichv1.EnrichRequest
	err    error
}

func (a *answering) Enrich(_ context.Context, r *enrichv1.EnrichRequest) (*enrichv1.EnrichResponse, error) {
	a.got = r
	return a.answer, a.err
}

func dial(t *testing.T, service enrichv1.EnricherServiceServer) *Client {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	enrichv1.RegisterEnricherServiceServer(server, service)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); server.Stop(); <-done })
	return New(conn)
}

// TestCallError distinguishes a plugin that has ended from one that returns the same status.
func TestCallError(t *testing.T) {
	for name, c := range map[string]struct {
		status error
		want   string
	}{
		"unavailable": {status.Error(codes.Unavailable, "database is away"), "database is away"},
		"cancelled":   {status.Error(codes.Canceled, "by the plugin"), "by the plugin"},
		"empty":       {status.Error(codes.Internal, ""), "Internal"},
		"deadline":    {status.Error(codes.DeadlineExceeded, "too late"), "context deadline exceeded"},
	} {
		w := dial(t, &answering{err: c.status})
		if _, err := w.Patch(t.Context(), []record.Record{fullRecord()}); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", name, err, c.want)
		}
	}
}
