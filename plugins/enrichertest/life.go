package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// checkDeadline takes the best of three: the machine may be busy.
func checkDeadline(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	records := p.samples(0, 64)
	for range 3 {
		start := time.Now()
		if _, err := s.enrich(ctx, records); err != nil {
			return err
		}
		if took := time.Since(start); s.took == 0 || took < s.took {
			s.took = took
		}
		if s.took <= s.options.Timeout {
			return nil
		}
	}
	return fmt.Errorf("64 records took %s, in the best of three attempts; %s", duration(s.took), s.allowed())
}

func checkConcurrent(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	batches := [2][]*enrichv1.Record{p.samples(0, 64), p.samples(64, 64)}
	var want, again [2][]*enrichv1.Patch
	for i, batch := range batches {
		if want[i], err = s.enrich(ctx, batch); err != nil {
			return err
		}
	}
	for i, batch := range batches {
		if again[i], err = s.enrich(ctx, batch); err != nil {
			return err
		}
	}
	steady := compare(want[0], again[0]) == nil && compare(want[1], again[1]) == nil
	for range 4 {
		if err := s.bothAtOnce(ctx, batches, want, steady); err != nil {
			return err
		}
	}
	if !steady {
		return unsteady
	}
	return distinct(append(want[0], want[1]...))
}

func (s *suite) bothAtOnce(
	ctx context.Context, batches [2][]*enrichv1.Record, want [2][]*enrichv1.Patch, steady bool,
) error {
	var calls errgroup.Group
	for i, batch := range batches {
		calls.Go(func() error {
			got, err := s.enrich(ctx, batch)
			if err != nil || !steady {
				return err
			}
			if err := compare(want[i], got); err != nil {
				return fmt.Errorf("with two batches at once %w", err)
			}
			return nil
		})
	}
	return calls.Wait()
}

func compare(want, got []*enrichv1.Patch) error {
	for i := range want {
		if d := difference(want[i], got[i]); d != "" {
			return fmt.Errorf("patch %d of %d is another one: %s", i+1, len(want), d)
		}
	}
	return nil
}

// checkCancelled cancels calls at several points of their duration.
func checkCancelled(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	records := p.samples(0, 256)
	start := time.Now()
	if _, err := s.enrich(ctx, records); err != nil {
		return err
	}
	took := time.Since(start)
	// The call that was measured may have been slow by chance, so most cancellations are early.
	for _, after := range []time.Duration{0, took / 64, took / 16, took / 8, took / 4, took / 2, took * 3 / 4} {
		ctx, cancel := context.WithTimeout(ctx, after+time.Microsecond)
		_, _ = p.process.Client().Enrich(ctx, &enrichv1.EnrichRequest{Records: records})
		cancel()
	}
	if _, err := s.enrich(ctx, p.samples(0, 64)); err != nil {
		return fmt.Errorf("after cancelled calls: %w", err)
	}
	return nil
}

func checkRestart(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	records := p.samples(0, 64)
	before, err := s.enrich(ctx, records)
	if err != nil {
		return err
	}
	again, err := s.enrich(ctx, records)
	if err != nil {
		return err
	}
	s.kill()
	start := time.Now()
	fresh, err := s.ready(ctx)
	if err != nil {
		return fmt.Errorf("after it was killed: %w", err)
	}
	s.took = time.Since(start)
	stable := s.unmet["describe-stable"] == "" // otherwise that rule reports it
	if stable && (!proto.Equal(p.description, fresh.description) || !proto.Equal(p.needs, fresh.needs)) {
		return errors.New("it describes itself in another way")
	}
	after, err := s.enrich(ctx, records)
	if err != nil {
		return err
	}
	if compare(before, again) != nil {
		return unsteady
	}
	return compare(before, after)
}

func checkShutdown(ctx context.Context, s *suite) error {
	p, err := s.running(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	start := time.Now()
	err = p.process.Stop(ctx)
	s.took = time.Since(start)
	if err != nil {
		s.kill()
		return err
	}
	s.session = nil
	return nil
}
