package emit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// writerFunc is a writer of one function.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// linesFormat makes a line of a record's message alone.
type linesFormat struct{}

func (linesFormat) Append(b []byte, r emit.Record) []byte {
	b = append(b, r.Body().AsString()...)
	return append(b, '\n')
}

// linesTo returns an emitter that writes numbered lines to w.
func linesTo(w io.Writer, onError func(error)) *emit.Emitter {
	return emit.New(emit.Settings{Stdout: emit.NewStdout(w, linesFormat{}, onError)})
}

// numbered emits n records, numbered from first, and returns their lines.
func numbered(tb testing.TB, e *emit.Emitter, first, n int) (want string) {
	tb.Helper()
	var lines strings.Builder
	for i := range n {
		message := fmt.Sprintf("line %05d", first+i)
		emitted(tb, e, message)
		fmt.Fprintln(&lines, message)
	}
	return lines.String()
}

// write writes the lines of the records emitted so far.
func write(ctx context.Context, e *emit.Emitter) error { return e.Write(ctx, e.Take()) }

var errPipe = errors.New("no reader")

// Nothing is lost, doubled or torn, whatever the writer does.
func TestStdoutWritesEveryByteOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for name, take := range map[string]func(calls, offered int) (n int, err error){
		"all":                       func(_, offered int) (int, error) { return offered, nil },
		"half of a line, then fail": func(_, offered int) (int, error) { return min(5, offered), errPipe },
		"byte by byte":              func(_, _ int) (int, error) { return 1, nil },
		"short writes":              func(_, offered int) (int, error) { return min(7, offered), io.ErrShortWrite },
		"short writes, no error":    func(_, offered int) (int, error) { return min(7, offered), nil },
		"fails for a while": func(calls, offered int) (int, error) {
			if calls < 20 {
				return 0, errPipe
			}
			return offered, nil
		},
		"nothing, no error, for a while": func(calls, offered int) (int, error) {
			if calls < 20 {
				return 0, nil
			}
			return offered, nil
		},
		"takes all and fails": func(_, offered int) (int, error) { return offered, errPipe },
		"anything": func(_, offered int) (int, error) {
			return random.IntN(offered + 1), []error{nil, errPipe}[random.IntN(2)]
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				calls, failed, reported := 0, 0, 0
				e := linesTo(writerFunc(func(p []byte) (int, error) {
					n, err := take(calls, len(p))
					calls++
					if err != nil || n == 0 {
						failed++
					}
					out.Write(p[:n])
					return n, err
				}), func(error) { reported++ })
				want := ""
				for group := range 3 {
					want += numbered(t, e, group*10, 10)
					if err := write(t.Context(), e); err != nil {
						t.Fatal(err)
					}
					if got := out.String(); got != want {
						t.Fatalf("got %q, want %q", got, want)
					}
				}
				if reported != failed {
					t.Errorf("%d failures reported of %d", reported, failed)
				}
			})
		})
	}
}

// What waits for its pause is not written in a hot loop, and a reader that is
// back gets its lines soon.
func TestStdoutPausesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes []time.Time
		e := linesTo(writerFunc(func(p []byte) (int, error) {
			writes = append(writes, time.Now())
			if len(writes) <= 30 {
				return 0, errPipe
			}
			return len(p), nil
		}), func(error) {})
		numbered(t, e, 0, 1)
		if err := write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		for i, at := range writes[1:] {
			if pause := at.Sub(writes[i]); pause < 100*time.Millisecond || pause > 10*time.Second {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
	})
}

// When its context ends, Write gives up where it is.
func TestStdoutContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		e := linesTo(writerFunc(func(p []byte) (int, error) {
			if out.Len() > 0 {
				return 0, errPipe
			}
			return out.Write(p[:14]) // a line and a half
		}), func(error) {})
		want := numbered(t, e, 0, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := write(ctx, e); !errors.Is(err, errPipe) {
			t.Errorf("write: %v, want %v", err, errPipe)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("gave up after %v", took)
		}
		numbered(t, e, 3, 1)
		if err := write(ctx, e); !errors.Is(err, errPipe) {
			t.Errorf("write after the context: %v, want %v", err, errPipe)
		}
		if got := out.String(); got != want[:14] {
			t.Errorf("got %q, want %q", got, want[:14])
		}
	})
}

// A context that has ended keeps no working writer from its lines: the last
// ones are written during shutdown.
func TestStdoutWritesAfterContext(t *testing.T) {
	var out bytes.Buffer
	e := linesTo(&out, func(err error) { t.Error(err) })
	want := numbered(t, e, 0, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := write(ctx, e); err != nil {
		t.Error(err)
	}
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// While the reader reads nothing, nothing more is taken.
func TestStdoutBlocksWithItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, pipe := io.Pipe()
		e := linesTo(pipe, func(err error) { t.Error(err) })
		want := numbered(t, e, 0, 3)
		var written error
		done := make(chan struct{})
		go func() {
			defer close(done)
			written = write(t.Context(), e)
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Error("Write does not wait for the reader")
		default:
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(read, got); err != nil {
			t.Fatal(err)
		}
		<-done
		if written != nil || string(got) != want {
			t.Errorf("got %q, %v; want %q", got, written, want)
		}
	})
}

// A group is one write, and nothing is written before its end or twice.
func TestStdoutWritesGroups(t *testing.T) {
	var writes []string
	e := linesTo(writerFunc(func(p []byte) (int, error) {
		writes = append(writes, string(p))
		return len(p), nil
	}), func(err error) { t.Error(err) })
	want := numbered(t, e, 0, 100)
	staged := e.Take()
	if len(writes) != 0 || string(staged.Lines) != want {
		t.Errorf("wrote %q and took %q before the group's end, want %q", writes, staged.Lines, want)
	}
	if err := e.Write(t.Context(), staged); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if len(writes) != 1 || writes[0] != want {
		t.Errorf("wrote %q, want once %q", writes, want)
	}
}

// Lines belong to whoever takes them, until they are written.
func TestTakeHandsOverLines(t *testing.T) {
	var out bytes.Buffer
	e := linesTo(&out, func(err error) { t.Error(err) })
	first := numbered(t, e, 0, 2)
	staged := e.Take()
	second := numbered(t, e, 2, 2)
	if got := string(staged.Lines); got != first {
		t.Errorf("took %q, want %q", got, first)
	}
	if err := errors.Join(e.Write(t.Context(), staged), write(t.Context(), e)); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != first+second {
		t.Errorf("wrote %q, want %q", got, first+second)
	}
}

// A group after another needs no new memory for its lines, and the memory of a large
// one is given back.
func TestStdoutKeepsASmallBuffer(t *testing.T) {
	e := linesTo(io.Discard, func(err error) { t.Error(err) })
	for _, c := range []struct {
		size int
		kept bool
	}{{100 << 10, true}, {16 << 20, false}} {
		emitted(t, e, strings.Repeat("x", c.size))
		staged := e.Take()
		before := &staged.Lines[0]
		if err := e.Write(t.Context(), staged); err != nil {
			t.Fatal(err)
		}
		emitted(t, e, "small")
		after := e.Take().Lines
		if kept := before == &after[0]; kept != c.kept {
			t.Errorf("after a line of %d bytes the buffer is used again: %t, want %t", c.size, kept, c.kept)
		}
	}
}

// With JSON: groups come out in order.
func TestStdoutBehindTheEmitter(t *testing.T) {
	var out bytes.Buffer
	stdout := emit.NewStdout(&out, emit.NewJSON(), func(err error) { t.Error(err) })
	emitter, _ := emittest.New(emit.Settings{Cluster: "prod-eu", Stdout: stdout})
	want := ""
	for i := range 5 {
		r := newUpdate(templateLabels())
		r.Seq = uint64(i)
		want += lineOf(t, r)
		if err := emitter.Emit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if i != 2 && i != 4 {
			continue
		}
		if err := write(t.Context(), emitter); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("after record %d: got %q, want %q", i, out.String(), want)
		}
	}
}

// TestPluginsLabels: a label whose key begins like those of a plugin is renamed
// whether or not the plugin has added to the record.
func TestPluginsLabels(t *testing.T) {
	r := newUpdate(map[string]string{"bundle.id": "forged", "bundle-version": "1", "bundles.id": "2"})
	line := written(t, emit.NewJSON("bundle"), r)
	for _, member := range []string{`"label.bundle.id":"forged"`, `"bundle-version":"1"`, `"bundles.id":"2"`} {
		if !strings.Contains(line, member) {
			t.Errorf("no %s in %s", member, line)
		}
	}
}

// TestHostileLabels: no label passes for a field or a plugin's attribute, whatever its case, with the names of stdout
// or with those of OTLP. A reader that ignores case finds every key once.
func TestHostileLabels(t *testing.T) {
	fields := record.Fields()
	labels := map[string]string{"Bundle.ID": "forged", "BUNDLE.": "forged", "bundle.id": "forged"}
	for _, f := range fields {
		for _, key := range []string{f.Key, f.OTLP} {
			if key == "" || key == f.OTLP && f.Place == record.Own {
				continue
			}
			labels[key] = "forged"
			labels[strings.ToUpper(key)] = "forged"
			labels[strings.ToUpper(key[:1])+key[1:]] = "forged"
		}
	}
	r := newUpdate(labels)
	r.Attributes = []attribute.KeyValue{attribute.String("bundle.id", "true")}
	got := decode(t, written(t, emit.NewJSON("bundle"), r))
	seen := map[string]string{}
	for key, value := range got {
		forged := value == "forged"
		if forged != strings.HasPrefix(key, record.KeyLabelPrefix) {
			t.Errorf("the key %s has the value %v", key, value)
		}
		if before, ok := seen[strings.ToLower(key)]; ok && !forged {
			t.Errorf("%s and %s are the same to a reader that ignores case", before, key)
		}
		seen[strings.ToLower(key)] = key
	}
	if got["bundle.id"] != "true" || got["namespace"] != r.Pod.Namespace {
		t.Errorf("bundle.id = %v, namespace = %v", got["bundle.id"], got["namespace"])
	}
}
