package enricher

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/strict"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// NewServer returns the service that [Serve] serves, for tests that call a plugin in their own
// process.
func NewServer(e Enricher) enrichv1.EnricherServiceServer {
	return &server{enricher: e, prefix: e.Describe().Name + "."}
}

// helper is the version of this package's interface for hosts.
const helper = "go/1"

type server struct {
	enrichv1.UnimplementedEnricherServiceServer
	enricher Enricher
	prefix   string
}

// Describe omits the plugin's needs, which may depend on its configuration. [server.Configure]
// returns them.
func (s *server) Describe(context.Context, *enrichv1.DescribeRequest) (*enrichv1.DescribeResponse, error) {
	d := s.enricher.Describe()
	return &enrichv1.DescribeResponse{Name: d.Name, Version: d.Version, Helper: helper}, nil
}

func (s *server) Configure(_ context.Context, r *enrichv1.ConfigureRequest) (*enrichv1.ConfigureResponse, error) {
	if err := configure(s.enricher, []byte(r.GetConfigJson())); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &enrichv1.ConfigureResponse{Needs: needsOf(s.enricher)}, nil
}

func configure(e Enricher, config []byte) error {
	if c, ok := e.(Configurer); ok {
		return c.Configure(config)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(config, &keys); err != nil {
		return fmt.Errorf("must be an object with keys and values: %w", err)
	}
	if len(keys) > 0 {
		return fmt.Errorf("%s: unknown key (plugin %s has no configuration keys)",
			slices.Min(slices.Collect(maps.Keys(keys))), e.Describe().Name)
	}
	return nil
}

func needsOf(e Enricher) *enrichv1.Needs {
	needs := &enrichv1.Needs{}
	if n, ok := e.(LabelNeeder); ok {
		needs.Labels = n.NeedsLabels()
	}
	if n, ok := e.(AnnotationNeeder); ok {
		needs.Annotations = n.NeedsAnnotations()
	}
	if n, ok := e.(OwnerNeeder); ok {
		labels, annotations := n.NeedsOwners()
		if labels != nil || annotations != nil {
			needs.Owners = &enrichv1.OwnerNeeds{Labels: labels, Annotations: annotations}
		}
	}
	_, needs.PodOnly = e.(PodOnly)
	_, needs.NoLabels = e.(NoLabels)
	return needs
}

func (s *server) Enrich(ctx context.Context, r *enrichv1.EnrichRequest) (*enrichv1.EnrichResponse, error) {
	all := make([]enrichv1.Patch, len(r.GetRecords())) // cheaper than one by one
	answer := &enrichv1.EnrichResponse{Patches: make([]*enrichv1.Patch, len(all))}
	keys := make(map[string]string)
	for i, rec := range r.GetRecords() {
		if ctx.Err() != nil {
			return nil, status.FromContextError(ctx.Err()).Err()
		}
		patch := Patch{prefix: s.prefix, keys: keys, patch: &all[i]}
		if err := s.enricher.Enrich(ctx, rec, &patch); err != nil {
			all[i].Error = record.Valid(err.Error())
		}
		answer.Patches[i] = &all[i]
	}
	return answer, nil
}

// Decode decodes a plugin's configuration into the struct that into points to. Keys without a
// field, by their json tags, and values of a wrong type are errors that name the key.
func Decode(config []byte, into any) error {
	return strict.Unmarshal(config, into)
}
