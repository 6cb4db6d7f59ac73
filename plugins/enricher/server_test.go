package enricher_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// hello has only the required methods.
type hello struct {
	enrich func(ctx context.Context, r *enricher.Record, p *enricher.Patch) error
}

func (hello) Describe() enricher.Description {
	return enricher.Description{Name: "hello", Version: "1.2.3"}
}

func (h hello) Enrich(ctx context.Context, r *enricher.Record, p *enricher.Patch) error {
	return h.enrich(ctx, r, p)
}

// full has all methods.
type full struct {
	hello
	config fullConfig
	closed func()
}

type fullConfig struct {
	Owners bool     `json:"owners"`
	Labels []string `json:"labels"`
}

func (f *full) Configure(config []byte) error { return enricher.Decode(config, &f.config) }

func (f *full) NeedsLabels() []string { return f.config.Labels }

func (f *full) NeedsAnnotations() []string { return []string{"note"} }

func (f *full) NeedsOwners() (labels, annotations []string) {
	if f.config.Owners {
		return nil, []string{} // owners, without their metadata
	}
	return nil, nil
}

func (f *full) PodOnly() {}

func (f *full) Close() error {
	f.closed()
	return nil
}

var (
	_ enricher.Configurer       = (*full)(nil)
	_ enricher.LabelNeeder      = (*full)(nil)
	_ enricher.AnnotationNeeder = (*full)(nil)
	_ enricher.OwnerNeeder      = (*full)(nil)
	_ enricher.PodOnly          = (*full)(nil)
)

// serve connects to a plugin over gRPC.
func serve(t *testing.T, e enricher.Enricher) enrichv1.EnricherServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	enrichv1.RegisterEnricherServiceServer(server, enricher.NewServer(e))
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.GracefulStop() // an unfinished batch would block it
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return enrichv1.NewEnricherServiceClient(conn)
}

func TestDescribe(t *testing.T) {
	got, err := serve(t, hello{}).Describe(t.Context(), &enrichv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := &enrichv1.DescribeResponse{Name: "hello", Version: "1.2.3", Helper: "go/1"}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNeeds(t *testing.T) {
	for name, tc := range map[string]struct {
		plugin enricher.Enricher
		config string
		want   *enrichv1.Needs
	}{
		"nothing": {hello{}, `{}`, &enrichv1.Needs{}},
		"no owners": {
			&full{}, `{}`,
			&enrichv1.Needs{Annotations: []string{"note"}, PodOnly: true},
		},
		"as configured": {
			&full{}, `{"owners":true,"labels":["app","team"]}`,
			&enrichv1.Needs{
				Labels: []string{"app", "team"}, Annotations: []string{"note"}, PodOnly: true,
				Owners: &enrichv1.OwnerNeeds{},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, tc.plugin).Configure(t.Context(), &enrichv1.ConfigureRequest{ConfigJson: tc.config})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.GetNeeds(), protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigureRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		plugin enricher.Enricher
		config string
		want   string
	}{
		"a key, without configuration":     {hello{}, `{"a":1}`, "a: unknown key (plugin hello has no configuration keys)"},
		"no object, without configuration": {hello{}, `[]`, "must be an object with keys and values"},
		"an unknown key":                   {&full{}, `{"owner":true}`, "unknown key owner"},
		"a wrong type":                     {&full{}, `{"owners":"yes"}`, "owners: want true or false, got string"},
		"no JSON":                          {&full{}, `{`, "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, tc.plugin).Configure(t.Context(), &enrichv1.ConfigureRequest{ConfigJson: tc.config})
			got := status.Convert(err)
			if got.Code() != codes.InvalidArgument || !strings.Contains(got.Message(), tc.want) {
				t.Errorf("got %s %q, want INVALID_ARGUMENT %q", got.Code(), got.Message(), tc.want)
			}
		})
	}
}

func TestPatches(t *testing.T) {
	plugin := hello{enrich: func(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
		switch r.GetPod().GetName() {
		case "all":
			p.SetString("text", "x")
			p.SetBool("bool", true)
			p.SetInt("int", -5)
			p.SetFloat("float", .5)
			p.SetTraceContext("00-1", "a=b")
			p.Suppress()
		case "invalid":
			p.SetString("k\xff", "v\xff")
			p.SetTraceContext("\xff", "\xff")
			return errors.New("bad \xff")
		case "partly":
			p.SetBool("found", false)
			return errors.New("no answer")
		}
		return nil
	}}
	got, err := serve(t, plugin).Enrich(t.Context(), records("all", "none", "invalid", "partly"))
	if err != nil {
		t.Fatal(err)
	}
	want := []*enrichv1.Patch{
		{
			Attributes: []*enrichv1.Attribute{
				{Key: "hello.text", Value: &enrichv1.Attribute_StringValue{StringValue: "x"}},
				{Key: "hello.bool", Value: &enrichv1.Attribute_BoolValue{BoolValue: true}},
				{Key: "hello.int", Value: &enrichv1.Attribute_IntValue{IntValue: -5}},
				{Key: "hello.float", Value: &enrichv1.Attribute_DoubleValue{DoubleValue: .5}},
			},
			Traceparent: "00-1", Tracestate: "a=b", Suppress: true,
		},
		{},
		{
			Attributes: []*enrichv1.Attribute{
				{Key: "hello.k\uFFFD", Value: &enrichv1.Attribute_StringValue{StringValue: "v\uFFFD"}},
			},
			Traceparent: "\uFFFD", Tracestate: "\uFFFD", Error: "bad \uFFFD",
		},
		{
			Attributes: []*enrichv1.Attribute{
				{Key: "hello.found", Value: &enrichv1.Attribute_BoolValue{}},
			},
			Error: "no answer",
		},
	}
	if diff := cmp.Diff(want, got.GetPatches(), protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEndOfContextStopsABatch checks that the rest of a batch is not computed after the end of
// its context.
func TestEndOfContextStopsABatch(t *testing.T) {
	var seen []string
	ctx, cancel := context.WithCancel(t.Context())
	plugin := hello{enrich: func(ctx context.Context, r *enricher.Record, _ *enricher.Patch) error {
		seen = append(seen, r.GetPod().GetName())
		cancel()
		select {
		case <-ctx.Done(): // the host's cancellation has arrived
		case <-time.After(10 * time.Second):
			t.Error("the context does not end with the host's")
		}
		return nil
	}}
	t.Run("call", func(t *testing.T) {
		_, err := serve(t, plugin).Enrich(ctx, records("a", "b", "c"))
		if status.Code(err) != codes.Canceled {
			t.Errorf("got %v", err)
		}
	}) // the server has ended
	if len(seen) != 1 {
		t.Errorf("enriched %v, want a only", seen)
	}
}

func records(pods ...string) *enrichv1.EnrichRequest {
	r := &enrichv1.EnrichRequest{}
	for _, name := range pods {
		r.Records = append(r.Records, &enrichv1.Record{Pod: &enrichv1.Pod{Name: name}})
	}
	return r
}
