package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func checkBatch(size int) func(context.Context, *suite) error {
	return func(ctx context.Context, s *suite) error {
		p, err := s.ready(ctx)
		if err != nil {
			return err
		}
		records := p.samples(0, size)
		start := time.Now()
		_, err = s.enrich(ctx, records)
		s.took = time.Since(start)
		if size > 1 && code(err) == codes.ResourceExhausted {
			return notCheckedError("the answer is too large, see message-size")
		}
		return err
	}
}

func checkMessageSize(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	answer, err := s.enrichRaw(ctx, p.samples(0, 1000))
	if code(err) == codes.ResourceExhausted {
		return fmt.Errorf("the answer is larger than %d MiB: %w", enrichv1.MaxMessageBytes>>20, err)
	}
	if err != nil {
		return err
	}
	if size := proto.Size(answer); size > enrichv1.MaxMessageBytes {
		return fmt.Errorf("the answer to 1000 records has %.1f MiB; %d MiB are allowed",
			float64(size)/(1<<20), enrichv1.MaxMessageBytes>>20)
	}
	return nil
}

// checkAnswers requires an answer without an error to at least one common record.
func checkAnswers(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	patches, err := s.enrich(ctx, p.samples(0, 64))
	if err != nil {
		return err
	}
	for _, patch := range patches {
		if patch.GetError() == "" {
			return nil
		}
	}
	return fmt.Errorf("all of 64 records are answered with an error, the first with %q; "+
		"a pod that the plugin has nothing for gets an empty patch", patches[0].GetError())
}

// unsteady is the reason if the answers to the same records differ.
const unsteady = notCheckedError("its answers differ from call to call")

// checkOrder compares the patches of records in a batch with those of the records alone.
// It leaves out records whose patch differs when they are sent alone again.
func checkOrder(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	records := p.samples(0, 8)
	before, err := s.alone(ctx, records)
	if err != nil {
		return err
	}
	batch, err := s.enrich(ctx, records)
	if err != nil {
		return err
	}
	after, err := s.alone(ctx, records)
	if err != nil {
		return err
	}
	steady := 0
	for i := range records {
		if difference(before[i], after[i]) != "" {
			continue
		}
		steady++
		if d := difference(before[i], batch[i]); d != "" {
			return fmt.Errorf("record %d of 8 gets a different patch alone than in the batch: %s", i+1, d)
		}
	}
	if steady == 0 {
		return unsteady
	}
	return distinct(before)
}

// alone sends each record in a batch of its own.
func (s *suite) alone(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
	patches := make([]*enrichv1.Patch, len(records))
	for i, r := range records {
		patch, err := s.enrich(ctx, []*enrichv1.Record{r})
		if err != nil {
			return nil, err
		}
		patches[i] = patch[0]
	}
	return patches, nil
}

// distinct returns a [notCheckedError] if all patches are equal.
func distinct(patches []*enrichv1.Patch) error {
	for _, p := range patches {
		if !maps.Equal(flat(p), flat(patches[0])) {
			return nil
		}
	}
	return notCheckedError("all its patches are the same")
}

// checkPodOnly sends the same pod with different records, and more of them than
// a host would.
func checkPodOnly(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if !p.needs.GetPodOnly() {
		return notCheckedError("it is not pod_only")
	}
	for _, r := range p.samples(0, 8) {
		other := sample(6) // with all that it does not need
		other.Pod = proto.CloneOf(r.GetPod())
		other.Pod.Node, other.Pod.Phase, other.Pod.Reason = "node-9", "Failed", "Evicted"
		patches, err := s.alone(ctx, []*enrichv1.Record{r, r, other})
		if err != nil {
			return err
		}
		if d := difference(patches[0], patches[1]); d != "" {
			return errors.New("the same record, sent twice, gets different patches: " + d)
		}
		if d := difference(patches[0], patches[2]); d != "" {
			return errors.New("its patch depends on more than the pod, which is all that it gets: " + d)
		}
	}
	return nil
}
