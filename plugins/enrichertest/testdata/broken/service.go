package main

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// service is a plugin that does everything right until one of its functions is
// replaced.
type service struct {
	enrichv1.UnimplementedEnricherServiceServer
	name      string
	describe  func() *enrichv1.DescribeResponse
	configure func(config string) error
	enrich    func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error)
}

func newService(name string) *service {
	s := &service{name: name}
	s.describe = func() *enrichv1.DescribeResponse {
		return &enrichv1.DescribeResponse{Name: name, Version: "1.0.0"}
	}
	s.configure = refuseKeys
	s.enrich = s.eachPatch(func(*enrichv1.Record, *enrichv1.Patch) {})
	s.breakSetup()
	s.breakPatch()
	s.breakRecords()
	s.breakCalls()
	return s
}

// eachPatch returns an enrich that changes the patch of each record.
func (s *service) eachPatch(change func(*enrichv1.Record, *enrichv1.Patch)) func(context.Context, []*enrichv1.Record) ([]*enrichv1.Patch, error) {
	return func(_ context.Context, records []*enrichv1.Record) (patches []*enrichv1.Patch, err error) {
		for _, r := range records {
			p := &enrichv1.Patch{Attributes: []*enrichv1.Attribute{s.text("pod", r.GetPod().GetName())}}
			change(r, p)
			patches = append(patches, p)
		}
		return patches, nil
	}
}

func (s *service) text(key, value string) *enrichv1.Attribute {
	return &enrichv1.Attribute{Key: s.name + "." + key, Value: &enrichv1.Attribute_StringValue{StringValue: value}}
}

func refuseKeys(config string) error {
	var keys map[string]any
	if err := json.Unmarshal([]byte(config), &keys); err != nil {
		return err
	}
	for key := range keys {
		return fmt.Errorf("%s: unknown key", key)
	}
	return nil
}

func (s *service) Describe(context.Context, *enrichv1.DescribeRequest) (*enrichv1.DescribeResponse, error) {
	return s.describe(), nil
}

func (s *service) Configure(_ context.Context, r *enrichv1.ConfigureRequest) (*enrichv1.ConfigureResponse, error) {
	if err := s.configure(r.GetConfigJson()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &enrichv1.ConfigureResponse{}, nil
}

func (s *service) Enrich(ctx context.Context, r *enrichv1.EnrichRequest) (*enrichv1.EnrichResponse, error) {
	patches, err := s.enrich(ctx, r.GetRecords())
	return &enrichv1.EnrichResponse{Patches: patches}, err
}
