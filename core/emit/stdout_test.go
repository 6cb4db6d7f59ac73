package emit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
)

// writerFunc is a writer of one function.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// linesFormat writes for a record its number and a payload, to tell lines apart.
type linesFormat struct{ payload string }

func (f linesFormat) Append(b []byte, r emit.Record) []byte {
	b = append(b, r.Body().AsString()...)
	b = append(b, f.payload...)
	return append(b, '\n')
}

// numbered hands n records to p, numbered from first.
func numbered(tb testing.TB, p sdklog.Processor, first, n int) (want string) {
	tb.Helper()
	var lines strings.Builder
	for i := range n {
		r := sdkRecord(tb)
		r.SetBody(attribute.StringValue(fmt.Sprintf("line %05d", first+i)))
		if err := p.OnEmit(tb.Context(), r); err != nil {
			tb.Fatal(err)
		}
		fmt.Fprintf(&lines, "line %05d\n", first+i)
	}
	return lines.String()
}

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
				stdout := emit.NewStdout(writerFunc(func(p []byte) (int, error) {
					n, err := take(calls, len(p))
					calls++
					if err != nil || n == 0 {
						failed++
					}
					out.Write(p[:n])
					return n, err
				}), linesFormat{}, func(error) { reported++ })
				want := ""
				for group := range 3 {
					want += numbered(t, stdout, group*10, 10)
					if err := stdout.ForceFlush(t.Context()); err != nil {
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
		stdout := emit.NewStdout(writerFunc(func(p []byte) (int, error) {
			writes = append(writes, time.Now())
			if len(writes) <= 30 {
				return 0, errPipe
			}
			return len(p), nil
		}), linesFormat{}, func(error) {})
		numbered(t, stdout, 0, 1)
		if err := stdout.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, at := range writes[1:] {
			if pause := at.Sub(writes[i]); pause < 100*time.Millisecond || pause > 10*time.Second {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
	})
}

// When its context ends, Stdout gives up, and goes on from there the next time.
func TestStdoutContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		broken := true
		stdout := emit.NewStdout(writerFunc(func(p []byte) (int, error) {
			if !broken {
				return out.Write(p)
			}
			if out.Len() > 0 {
				return 0, errPipe
			}
			return out.Write(p[:14]) // a line and a half
		}), linesFormat{}, func(error) {})
		want := numbered(t, stdout, 0, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := stdout.ForceFlush(ctx); !errors.Is(err, errPipe) {
			t.Errorf("flush: %v, want %v", err, errPipe)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("gave up after %v", took)
		}
		if err := stdout.ForceFlush(ctx); !errors.Is(err, errPipe) {
			t.Errorf("flush after the context: %v, want %v", err, errPipe)
		}
		broken = false
		want += numbered(t, stdout, 3, 2)
		if err := stdout.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A context that has ended keeps no working writer from its lines: the last
// ones are written during shutdown.
func TestStdoutWritesAfterContext(t *testing.T) {
	var out bytes.Buffer
	stdout := emit.NewStdout(&out, linesFormat{}, func(err error) { t.Error(err) })
	want := numbered(t, stdout, 0, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stdout.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// While the reader reads nothing, nothing more is taken.
func TestStdoutBlocksWithItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write := io.Pipe()
		stdout := emit.NewStdout(write, linesFormat{}, func(err error) { t.Error(err) })
		want := numbered(t, stdout, 0, 3)
		var flushed error
		done := make(chan struct{})
		go func() {
			defer close(done)
			flushed = stdout.ForceFlush(t.Context())
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Error("flush does not wait for the reader")
		default:
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(read, got); err != nil {
			t.Fatal(err)
		}
		<-done
		if flushed != nil || string(got) != want {
			t.Errorf("got %q, %v; want %q", got, flushed, want)
		}
	})
}

// A group is one write, and nothing is written before its end or twice.
func TestStdoutWritesGroups(t *testing.T) {
	var writes []string
	stdout := emit.NewStdout(writerFunc(func(p []byte) (int, error) {
		writes = append(writes, string(p))
		return len(p), nil
	}), linesFormat{}, func(err error) { t.Error(err) })
	want := numbered(t, stdout, 0, 100)
	if len(writes) != 0 {
		t.Errorf("written before the group's end: %q", writes)
	}
	for range 3 {
		if err := stdout.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(writes) != 1 || writes[0] != want {
		t.Errorf("wrote %q, want once %q", writes, want)
	}
}

// Several goroutines emit and flush: every line is there once and whole.
func TestStdoutIsSafeForConcurrentUse(t *testing.T) {
	const emitters, each = 8, 200
	var mu sync.Mutex // that of a file descriptor
	var out bytes.Buffer
	stdout := emit.NewStdout(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(p[:min(len(p), 1+len(p)/2)])
	}), linesFormat{strings.Repeat("x", 100)}, func(err error) { t.Error(err) })
	var wg sync.WaitGroup
	for e := range emitters {
		r := sdkRecord(t)
		wg.Go(func() {
			for i := range each {
				r.SetBody(attribute.StringValue(fmt.Sprintf("%d-%d ", e, i)))
				if err := errors.Join(stdout.OnEmit(t.Context(), r), stdout.ForceFlush(t.Context())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	next := map[int]int{}
	for line := range strings.Lines(out.String()) {
		var e, i int
		var payload string
		if _, err := fmt.Sscanf(line, "%d-%d %s\n", &e, &i, &payload); err != nil || len(payload) != 100 {
			t.Fatalf("torn line %q: %v", line, err)
		}
		if i != next[e] {
			t.Fatalf("emitter %d: line %d, want %d", e, i, next[e])
		}
		next[e]++
	}
	for e := range emitters {
		if next[e] != each {
			t.Errorf("emitter %d: %d lines, want %d", e, next[e], each)
		}
	}
}

// The memory of a large group is given back.
func TestStdoutGivesBackALargeBuffer(t *testing.T) {
	const large = 16 << 20
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	stdout := emit.NewStdout(io.Discard, linesFormat{strings.Repeat("x", large)}, func(err error) { t.Error(err) })
	before := heap()
	numbered(t, stdout, 0, 1)
	if held := heap() - before; held < large {
		t.Fatalf("%d bytes are held back, want %d", held, large)
	}
	if err := stdout.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := heap(); after > before+large/2 {
		t.Errorf("%d bytes are kept", after-before)
	}
	runtime.KeepAlive(stdout)
}

// With the emitter around it: groups come out in order, and shutdown leaves
// nothing behind.
func TestStdoutBehindTheEmitter(t *testing.T) {
	var out bytes.Buffer
	stdout := emit.NewStdout(&out, emit.NewJSON(), func(err error) { t.Error(err) })
	emitter, _ := emittest.New(emit.Settings{Cluster: "prod-eu", Sinks: []sdklog.Processor{stdout}})
	want := ""
	for i := range 5 {
		r := newUpdate(templateLabels())
		r.Seq = uint64(i)
		want += lineOf(t, r)
		if err := emitter.Emit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if i != 2 {
			continue
		}
		if err := emitter.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("after Flush: got %q, want %q", out.String(), want)
		}
	}
	if err := emitter.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("after Shutdown: got %q, want %q", out.String(), want)
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

// Lines of an earlier run come first, and what Lines shows is what is written.
func TestStdoutRestore(t *testing.T) {
	var out bytes.Buffer
	stdout := emit.NewStdout(&out, linesFormat{}, func(err error) { t.Error(err) })
	earlier := []byte("of an earlier run\n")
	stdout.Restore(earlier)
	want := string(earlier) + numbered(t, stdout, 0, 2)
	if got := string(stdout.Lines()); got != want {
		t.Errorf("lines %q, want %q", got, want)
	}
	if err := stdout.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want || string(earlier) != "of an earlier run\n" {
		t.Errorf("written %q, want %q", got, want)
	}
	if left := stdout.Lines(); len(left) > 0 {
		t.Errorf("left is %q", left)
	}
}
