package otlp_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func TestDelivers(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		for _, compression := range []otlp.Compression{otlp.NoCompression, otlp.Gzip} {
			t.Run(string(compression), func(t *testing.T) {
				h := newHarness(t, otlptest.New(t, o), o)
				h.settings.Compression = compression
				h.settings.Headers = map[string]string{"authorization": "Bearer x", "x-scope-orgid": "7"}
				h.settings.UserAgent = "agent/1"
				h.start()
				var want []string
				for i := range 50 {
					bodies := []string{fmt.Sprint(i, "a"), fmt.Sprint(i, "b")}
					want = append(want, bodies...)
					h.commit(bodies...)
				}
				h.drain()
				h.wantReceived(want...)
				for _, r := range h.receiver.Requests() {
					if r.Gzip != (compression == otlp.Gzip) {
						t.Errorf("gzip: %t", r.Gzip)
					}
					if r.Headers["authorization"] != "Bearer x" || r.Headers["x-scope-orgid"] != "7" ||
						!strings.HasPrefix(r.Headers["user-agent"], "agent/1") {
						t.Errorf("headers are %v", r.Headers)
					}
				}
				if h.log.String() != "" {
					t.Errorf("nothing happened, and yet it logs %s", h.log)
				}
			})
		}
	})
}

func TestUnixSocket(t *testing.T) {
	o := otlptest.Options{Socket: filepath.Join(t.TempDir(), "otel.sock")}
	h := newHarness(t, otlptest.New(t, o), o)
	h.settings.Endpoint = &url.URL{Scheme: "unix", Path: o.Socket}
	h.start()
	h.commit("a")
	h.drain()
	h.wantReceived("a")
}

func TestRequestsAreBounded(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		h.settings.MaxBytes = 10_000
		h.settings.MaxRecords = 40
		var want []string
		for i := range 100 {
			want = append(want, strings.Repeat("x", 10*i))
		}
		want = append(want, strings.Repeat("y", 20_000), "z")
		h.commit(want...)
		h.start()
		h.drain()
		h.wantReceived(want...)
		for _, r := range h.receiver.Requests() {
			if len(r.Logs) > 40 || r.Bytes > 10_000 && len(r.Logs) > 1 {
				t.Errorf("a request has %d bytes in %d records", r.Bytes, len(r.Logs))
			}
		}
	})
}

func TestReceiverComesUpLater(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.Unreachable(t, o), o)
		h.commit(numbered(10)...)
		h.start()
		wait.Until(t, "some attempts", func() bool { return h.outcomes()[otlp.Retried] > 3 })
		h.receiver.Start(t)
		h.drain()
		h.wantReceived(numbered(10)...)
		h.log.Await(t, "is back")
		h.wantLogged("accepts no records", "connection refused", h.settings.Target(), "records_waiting=10")
		if n := strings.Count(h.log.String(), "\n"); n != 2 {
			t.Errorf("logs %d lines, want one of trouble and one of recovery:\n%s", n, h.log)
		}
	})
}

// TestReceiverIsKilled kills the receiver again and again while records flow.
// One that it had taken when it died may come twice; nothing else may.
func TestReceiverIsKilled(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		h.settings.MaxRecords = 5
		h.start()
		const kills, perRound = 5, 40
		bodies := numbered(kills * perRound)
		for i := range kills {
			h.commit(bodies[i*perRound : (i+1)*perRound]...)
			seen := len(h.receiver.Bodies())
			wait.Until(t, "records to flow", func() bool { return len(h.receiver.Bodies()) > seen })
			h.receiver.Stop()
			h.receiver.Start(t)
		}
		h.drain()
		got := h.receiver.Bodies()
		if doubled := len(got) - len(bodies); doubled < 0 || doubled > kills*h.settings.MaxRecords {
			t.Errorf("%d records came twice, want at most one request for each of %d kills", doubled, kills)
		}
		wantOnceInOrder(t, bodies, got)
	})
}

// wantOnceInOrder looks at the first time that each record came.
func wantOnceInOrder(t *testing.T, want, got []string) {
	t.Helper()
	seen := make(map[string]bool)
	var first []string
	for _, body := range got {
		if !seen[body] {
			first = append(first, body)
		}
		seen[body] = true
	}
	if fmt.Sprint(first) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", first, want)
	}
}

func TestDeadReceiverHoldsUpCommit(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.Unreachable(t, o), o)
		h.outbox = journal.NewMemory(journal.Options{Capacity: 1000})
		h.start()
		bodies := numbered(100)
		committed := make(chan error)
		go func() {
			for _, body := range bodies {
				if err := h.outbox.Commit(context.Background(), groupOf(encode(body)...)); err != nil {
					committed <- err
					return
				}
			}
			committed <- nil
		}()
		wait.Until(t, "back-pressure", func() bool { return !h.outbox.Stats().BlockedSince.IsZero() })
		if s := h.outbox.Stats(); s.Bytes > s.Capacity || s.Records == len(bodies) {
			t.Errorf("the journal isn't bounded: %+v", s)
		}
		h.receiver.Start(t)
		if err := <-committed; err != nil {
			t.Fatal(err)
		}
		h.drain()
		h.wantReceived(bodies...)
	})
}

func TestStopCancelsRequestInFlight(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		h.settings.Timeout = time.Hour
		h.receiver.Play(otlptest.Fault{Hang: true})
		h.start()
		h.commit("a")
		wait.Until(t, "the request", func() bool { return h.receiver.Attempts() == 1 })

		deadline, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := h.outbox.Drained(deadline); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained: %v", err)
		}
		h.stop()
		if got := h.outcomes(); got[otlp.Cancelled] != 1 || len(got) != 1 {
			t.Errorf("requests ended as %v", got)
		}
		if n := h.outbox.Stats().Records; n != 1 {
			t.Errorf("%d records are left, want 1", n)
		}
		h.start() // the same journal, another sender: nothing was lost
		h.drain()
		h.wantReceived("a")
	})
}

func TestStopEndsPauses(t *testing.T) {
	o := otlptest.Options{}
	h := newHarness(t, otlptest.Unreachable(t, o), o)
	h.settings.RetryInitial, h.settings.RetryMax = time.Hour, time.Hour
	h.commit("a")
	h.start()
	wait.Until(t, "the pause", func() bool { return h.outcomes()[otlp.Retried] == 1 })
	h.stop()
}

func TestClosedOutboxEndsRunWhenEmpty(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		h.commit(numbered(10)...)
		h.outbox.Seal()
		h.start()
		if err := <-h.done; err != nil {
			t.Errorf("run: %v", err)
		}
		h.done <- nil // for stop
		h.wantReceived(numbered(10)...)
	})
}

// brokenOutbox has one record and can't let go of it.
type brokenOutbox struct {
	next, ack error
	*journal.Outbox
}

func (b brokenOutbox) Next(ctx context.Context, maxBytes, maxRecords int) (journal.Batch, error) {
	if b.next != nil {
		return journal.Batch{}, b.next
	}
	return b.Outbox.Next(ctx, maxBytes, maxRecords)
}

func (b brokenOutbox) Ack(journal.Batch) error { return b.ack }

func TestRunFailsWithItsOutbox(t *testing.T) {
	o := otlptest.Options{}
	h := newHarness(t, otlptest.New(t, o), o)
	h.commit("a")
	broken := errors.New("disk on fire")
	for name, outbox := range map[string]brokenOutbox{
		"next": {next: broken, Outbox: h.outbox.Outbox(journal.Logs)},
		"ack":  {ack: broken, Outbox: h.outbox.Outbox(journal.Logs)},
	} {
		t.Run(name, func(t *testing.T) {
			s := otlp.NewSender(h.settings, outbox, otlp.Hooks{}, discard())
			if err := s.Run(t.Context()); !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// BenchmarkSend sends groups of 256 records of 30 attributes to a receiver on
// loopback, which reads and unzips them, but doesn't decode them.
func BenchmarkSend(b *testing.B) {
	for name, o := range map[string]otlptest.Options{"grpc": {}, "http": {HTTP: true}} {
		for _, compression := range []otlp.Compression{otlp.NoCompression, otlp.Gzip} {
			b.Run(name+"/"+string(compression), func(b *testing.B) { benchmarkSend(b, o, compression) })
		}
	}
}

func benchmarkSend(b *testing.B, o otlptest.Options, compression otlp.Compression) {
	const group = 256
	records := slices.Repeat([][]byte{encodeRecord("container app waits", 10, 20)}, group)
	receiver := otlptest.New(b, o)
	receiver.Forget()
	h := newHarness(b, receiver, o)
	h.settings.Compression = compression
	h.outbox = journal.NewMemory(journal.Options{Capacity: 2 << 20}) // so little that committing is as slow as sending
	h.start()
	b.SetBytes(int64(group * len(records[0])))
	b.ReportAllocs()
	for b.Loop() {
		// A journal owns the records that it gets.
		g := groupOf(slices.Clone(records)...)
		if err := h.outbox.Commit(b.Context(), g); err != nil {
			b.Fatal(err)
		}
	}
	h.drain()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*group), "ns/record")
	h.stop()
}
