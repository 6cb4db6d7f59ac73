package recording

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Replay sends the events of a recording to out, as Added, Modified and Deleted with
// the present time. A recording is the output of
//
//	kubectl get pods -A -w --output-watch-events -o json
//
// with one object to a line, objects spread over lines, or several on one line.
//
// For any other entry Replay calls bad, unless it is nil, with the number of the line
// that the entry begins on, and continues.
//
// Replay returns nil at the end of r, the error of r, or ctx.Err(). Sending to out
// blocks. If ctx ends while r blocks, Replay leaves behind a goroutine that ends when
// r does.
func Replay(ctx context.Context, r io.Reader, out chan<- watch.Event, bad func(line int, err error)) error {
	return replay(ctx, r, out, func(e entry, err error) {
		if bad != nil {
			bad(e.line, err)
		}
	})
}

// replay calls bad with the entries that are no events of pods.
func replay(ctx context.Context, r io.Reader, out chan<- watch.Event, bad func(e entry, err error)) error {
	r, stop := interruptible(ctx, r)
	defer stop()
	scan := newEntryScanner(r, maxEntry)
	for {
		e, err := scan.next()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read recording: %w", err)
		}
		if err := replayEntry(ctx, e, out); err != nil {
			bad(e, err)
		}
	}
}

// interruptible returns a reader that fails once ctx has ended, even while r blocks as
// a terminal or a pipe does.
func interruptible(ctx context.Context, r io.Reader) (_ io.Reader, stop func()) {
	pr, pw := io.Pipe()
	go func() {
		_, err := io.Copy(pw, r)
		pw.CloseWithError(err) // nil is io.EOF
	}()
	release := context.AfterFunc(ctx, func() { _ = pr.CloseWithError(ctx.Err()) })
	return pr, func() { release(); _ = pr.Close() }
}

// replayEntry sends the event of an entry, and returns why it has none. It returns nil
// if ctx ends.
func replayEntry(ctx context.Context, e entry, out chan<- watch.Event) error {
	ev, err := decodeEntry(e)
	if err != nil || ev.Object == nil {
		return err
	}
	ev.Received = time.Now()
	select {
	case out <- ev:
	case <-ctx.Done():
	}
	return nil
}

// recorded is a watch event as kubectl prints it. Kind is that of an object that was
// printed without its event.
type recorded struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
	Kind   string          `json:"kind"`
}

// decodeEntry returns an event without an object for an entry to ignore.
func decodeEntry(e entry) (watch.Event, error) {
	if e.err != nil {
		return watch.Event{}, e.err
	}
	var rec recorded
	if err := json.Unmarshal(e.data, &rec); err != nil {
		return watch.Event{}, describe(err)
	}
	switch apiwatch.EventType(rec.Type) {
	case apiwatch.Added, apiwatch.Modified, apiwatch.Deleted:
		pod, err := decodePod(rec.Object)
		if err != nil {
			return watch.Event{}, err
		}
		return watch.Event{
			Kind: kindOf(rec.Type), Resource: watch.Pods().String(), Object: pod,
			ResourceVersion: pod.ResourceVersion,
		}, nil
	case apiwatch.Bookmark:
		return watch.Event{}, nil
	case apiwatch.Error:
		return watch.Event{}, serverError(rec.Object)
	case "":
		return watch.Event{}, errUntyped(rec.Kind)
	default:
		return watch.Event{}, fmt.Errorf("unknown event type %q", rec.Type)
	}
}

func kindOf(eventType string) watch.Kind {
	switch apiwatch.EventType(eventType) {
	case apiwatch.Added:
		return watch.Added
	case apiwatch.Deleted:
		return watch.Deleted
	default:
		return watch.Modified
	}
}

func decodePod(data []byte) (*corev1.Pod, error) {
	var meta metav1.TypeMeta
	if len(data) == 0 {
		return nil, errors.New("the event has no object")
	}
	if err := json.Unmarshal(data, &meta); err != nil {
		return nil, describe(err)
	}
	// kubectl prints both; a recording that was written by hand may have neither.
	if cmp.Or(meta.Kind, "Pod") != "Pod" || cmp.Or(meta.APIVersion, "v1") != "v1" {
		return nil, fmt.Errorf("the object is a %q %q, not a v1 Pod", meta.APIVersion, meta.Kind)
	}
	pod := new(corev1.Pod)
	if err := kjson.Unmarshal(data, pod); err != nil {
		return nil, fmt.Errorf("decode pod: %w", err)
	}
	if pod.Name == "" {
		return nil, errors.New("the pod has no metadata.name")
	}
	return pod, nil
}

// describe adds the place of a syntax error, counted from the start of the entry.
func describe(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("invalid JSON at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("decode event: %w", err)
}

func serverError(data []byte) error {
	var status metav1.Status
	if err := json.Unmarshal(data, &status); err != nil || status.Message == "" {
		return errors.New("the recording contains an ERROR event")
	}
	return fmt.Errorf("the recording contains an ERROR event: %s", status.Message)
}

func errUntyped(kind string) error {
	if kind == "" {
		return errors.New(`not a watch event: no "type"`)
	}
	return fmt.Errorf("a %s and not a watch event: record with kubectl's --output-watch-events", kind)
}
