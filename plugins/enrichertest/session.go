package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// session is one run of the plugin.
type session struct {
	process     Process
	description *enrichv1.DescribeResponse // nil: not called
	needs       *enrichv1.Needs            // which decide what the host sends
	configured  bool
}

// callError is the status with which a call failed.
type callError struct {
	what   string
	status *status.Status
}

func (e *callError) Error() string {
	if e.status.Code() == codes.Unavailable {
		return e.what + ": the connection is lost"
	}
	return fmt.Sprintf("%s: %s: %s", e.what, e.status.Code(), e.status.Message())
}

// code returns the status code of a failed call, OK for any other error.
func code(err error) codes.Code {
	if call, ok := errors.AsType[*callError](err); ok {
		return call.status.Code()
	}
	return codes.OK
}

// running returns the plugin, after starting it if necessary.
func (s *suite) running(ctx context.Context) (*session, error) {
	if s.session != nil {
		return s.session, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.StartTimeout)
	defer cancel()
	process, err := s.start(ctx)
	if err != nil {
		s.dead = true
		return nil, fmt.Errorf("start it: %w", err)
	}
	s.session = &session{process: process}
	return s.session, nil
}

// ready returns the plugin after Describe and Configure.
func (s *suite) ready(ctx context.Context) (*session, error) {
	p, err := s.running(ctx)
	if err != nil || p.configured {
		return p, err
	}
	if p.description, err = s.describe(ctx); err != nil {
		return nil, err
	}
	answer, err := s.configure(ctx, s.options.Config)
	if err != nil {
		return nil, err
	}
	p.needs, p.configured = p.description.GetNeeds(), true
	if answer.GetNeeds() != nil {
		p.needs = answer.GetNeeds()
	}
	return p, nil
}

func (s *suite) describe(ctx context.Context) (answer *enrichv1.DescribeResponse, err error) {
	client := s.session.process.Client()
	err = call(ctx, "Describe", s.limit(1), func(ctx context.Context) (err error) {
		answer, err = client.Describe(ctx, &enrichv1.DescribeRequest{})
		return err
	})
	return answer, err
}

func (s *suite) configure(ctx context.Context, config string) (answer *enrichv1.ConfigureResponse, err error) {
	request := &enrichv1.ConfigureRequest{ConfigJson: config, Cluster: "verify"}
	client := s.session.process.Client()
	err = call(ctx, "Configure", s.options.StartTimeout, func(ctx context.Context) (err error) {
		answer, err = client.Configure(ctx, request)
		return err
	})
	return answer, err
}

// enrich sends a batch as it is, and returns as many patches.
func (s *suite) enrich(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
	answer, err := s.enrichRaw(ctx, records)
	if err != nil {
		return nil, err
	}
	if n := len(answer.GetPatches()); n != len(records) {
		return nil, fmt.Errorf("%d patches for %d records", n, len(records))
	}
	return answer.GetPatches(), nil
}

func (s *suite) enrichRaw(
	ctx context.Context, records []*enrichv1.Record,
) (answer *enrichv1.EnrichResponse, err error) {
	what := fmt.Sprintf("Enrich with %d records", len(records))
	if len(records) == 1 {
		what = "Enrich with one record"
	}
	client := s.session.process.Client()
	err = call(ctx, what, s.limit(len(records)), func(ctx context.Context) (err error) {
		answer, err = client.Enrich(ctx, &enrichv1.EnrichRequest{Records: records})
		return err
	})
	if hang, ok := errors.AsType[*hangError](err); ok {
		hang.allowed = s.allowed()
	}
	return answer, err
}

// allowed is the deadline of a batch, for messages.
func (s *suite) allowed() string { return duration(s.options.Timeout) + " are allowed, key `timeout`" }

// limit returns how long a call with a number of records may take. It is longer than
// the deadline: only one rule is about late answers, but all about hanging. With the
// deadline grows the patience in all calls, for machines that are busy.
func (s *suite) limit(records int) time.Duration {
	const batch, patience = 64, 3
	return max(callLimit, patience*s.options.Timeout*time.Duration((records+batch-1)/batch))
}

// call bounds a call, and returns a [hangError] or a [callError] if it fails. The plugin
// knows the deadline, and may notice a little before this side that it is over.
func call(ctx context.Context, what string, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	err := do(ctx)
	if err == nil {
		return nil
	}
	over := time.Since(start) > limit-100*time.Millisecond
	if ctx.Err() != nil || over && status.Code(err) == codes.DeadlineExceeded {
		return &hangError{what: what, limit: limit}
	}
	return &callError{what, status.Convert(err)}
}
