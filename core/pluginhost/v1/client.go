// Package v1 is the host's side of podstatus.enrich.v1: a client that describes records to a plugin and returns its
// patches. A second version of the protocol is a package like this one.
package v1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Client calls one plugin. Patch is safe for concurrent use once Describe and Configure have returned.
type Client struct {
	client      enrichv1.EnricherServiceClient
	description *enrichv1.DescribeResponse
	needs       *enrichv1.Needs
}

// ConfigError is the message with which a plugin refuses its configuration.
type ConfigError struct{ Message string }

func (e *ConfigError) Error() string { return "config: " + e.Message }

// New returns a client over a connection. It bounds messages in both directions: go-plugin allows 2 GiB.
func New(conn *grpc.ClientConn) *Client {
	return &Client{client: enrichv1.NewEnricherServiceClient(limited{conn})}
}

// limited is a connection with a limit for messages, and our codec for them.
type limited struct{ *grpc.ClientConn }

func (l limited) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	opts = append(opts, grpc.ForceCodecV2(enrichv1.Codec()),
		grpc.MaxCallRecvMsgSize(enrichv1.MaxMessageBytes), grpc.MaxCallSendMsgSize(enrichv1.MaxMessageBytes))
	return l.ClientConn.Invoke(ctx, method, args, reply, opts...)
}

// Description returns the answer to Describe.
func (w *Client) Description() *enrichv1.DescribeResponse { return w.description }

// Needs returns the parts of records that the plugin needs, or nil if it has named none.
func (w *Client) Needs() *enrichv1.Needs { return w.needs }

// Describe calls the plugin's Describe. It returns an error if the plugin's name is not the
// given one, unless that is empty.
func (w *Client) Describe(ctx context.Context, name string) error {
	d, err := w.client.Describe(ctx, &enrichv1.DescribeRequest{})
	if err != nil {
		return fmt.Errorf("describe: %s", OneLine(status.Convert(err).Message()))
	}
	if err := record.CheckPluginName(d.GetName()); err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	if name != "" && d.GetName() != name {
		return fmt.Errorf("its name is %q, not %q; configure it under that name", d.GetName(), name)
	}
	w.description, w.needs = d, d.GetNeeds()
	return nil
}

// Configure gives the plugin its configuration as JSON, empty for none, and the name of the cluster. It returns a
// [ConfigError] if the plugin refuses the configuration.
func (w *Client) Configure(ctx context.Context, config, cluster string) error {
	request := &enrichv1.ConfigureRequest{ConfigJson: cmp.Or(config, "{}"), Cluster: cluster}
	answer, err := w.client.Configure(ctx, request)
	switch {
	case status.Code(err) == codes.InvalidArgument:
		return &ConfigError{OneLine(status.Convert(err).Message())}
	case err != nil:
		return fmt.Errorf("configure: %s", OneLine(status.Convert(err).Message()))
	}
	if answer.GetNeeds() != nil {
		w.needs = answer.GetNeeds()
	}
	return checkNeeds(w.needs)
}

// maxNeeds is the number of keys of each kind that a plugin may need: each is looked up
// in each pod.
const maxNeeds = 256

func checkNeeds(n *enrichv1.Needs) error {
	for what, keys := range map[string][]string{
		"labels": n.GetLabels(), "annotations": n.GetAnnotations(),
		"labels of owners": n.GetOwners().GetLabels(), "annotations of owners": n.GetOwners().GetAnnotations(),
	} {
		if len(keys) > maxNeeds {
			return fmt.Errorf("it needs %d %s, at most %d are allowed", len(keys), what, maxNeeds)
		}
		for i, key := range keys {
			if key == "" || len(key) > record.MaxAttributeKey+64 || slices.Contains(keys[:i], key) {
				return fmt.Errorf("the %s that it needs: %.40q is not a valid key, or a duplicate", what, key)
			}
		}
	}
	return nil
}

// Patch calls the plugin with a batch. The error is [ErrEnded] if the plugin has ended before it answered.
func (w *Client) Patch(ctx context.Context, batch []record.Record) ([]enrich.Patch, error) {
	var header, trailer metadata.MD
	answer, err := w.client.Enrich(ctx, w.request(batch), grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		return nil, callError(err, len(header) > 0 || len(trailer) > 0)
	}
	patches := make([]enrich.Patch, len(answer.GetPatches()))
	for i, p := range answer.GetPatches() {
		patches[i] = enrich.Patch{
			Attributes:  p.KeyValues(),
			Traceparent: p.GetTraceparent(),
			Tracestate:  p.GetTracestate(),
			Suppress:    p.GetSuppress(),
			Error:       p.GetError(),
		}
	}
	return patches, nil
}

// callError returns the reason of a failed call without gRPC's words around it.
// answered reports that it came from the plugin: an answer has metadata, a connection
// that is lost or closed has none.
func callError(err error, answered bool) error {
	s := status.Convert(err)
	switch {
	case s.Code() == codes.DeadlineExceeded: // the plugin may notice that before the host does
		return context.DeadlineExceeded
	case !answered && (s.Code() == codes.Unavailable || s.Code() == codes.Canceled):
		return ErrEnded
	}
	if s.Message() == "" {
		return errors.New(s.Code().String())
	}
	return errors.New(OneLine(s.Message()))
}

// ErrEnded is the error of a call whose plugin has ended before it answered.
var ErrEnded = errors.New("it ended")

// request returns the records as far as the plugin needs them. Messages are allocated
// a batch at a time, which is cheaper than one by one.
func (w *Client) request(batch []record.Record) *enrichv1.EnrichRequest {
	n := len(batch)
	records, pods := make([]enrichv1.Record, n), make([]enrichv1.Pod, n)
	request := &enrichv1.EnrichRequest{Records: make([]*enrichv1.Record, n)}
	shared := newShared(w.needs)
	var before *record.Record
	for i := range batch {
		r, out := &batch[i], &records[i]
		request.Records[i] = out
		if before != nil && before.Pod == r.Pod {
			out.Pod = records[i-1].Pod // only read from now on
		} else {
			out.Pod = &pods[i]
			shared.pod(out.Pod, r.Pod)
		}
		before = r
		if !w.needs.GetPodOnly() {
			change(out, r)
		}
	}
	return request
}

// change fills in all of a record but its pod.
func change(out *enrichv1.Record, r *record.Record) {
	out.Action = enrichv1.Action(r.Action) // TestNumbers: the numbers are the same
	out.State = enrichv1.State(r.State)
	out.Reason, out.Info = record.Valid(r.Reason), record.Valid(r.Info)
	out.TimeUnixNano = r.Time.UnixNano()
	out.Initial, out.Recovered = r.Initial, r.Recovered
	out.ResourceVersion, out.RecordId = r.ResourceVersion, r.ID.String()
	c := r.Container
	if c == nil {
		return
	}
	out.Container = &enrichv1.Container{
		Name:         c.Name,
		Type:         enrichv1.ContainerType(c.Type) + enrichv1.ContainerType_CONTAINER_TYPE_CONTAINER,
		Image:        record.Valid(c.Image),
		Ready:        c.Ready,
		RestartCount: c.RestartCount,
		Signal:       c.Signal,
	}
	if c.Terminated {
		out.Container.ExitCode = &c.ExitCode
	}
}
