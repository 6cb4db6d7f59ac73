package otlp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// fakeTransport answers with the errors in turn, then always with the last one.
type fakeTransport struct {
	errors []error
	answer answer
	times  []time.Time
	sizes  []int // of the requests, in records
	closed int
}

func (f *fakeTransport) export(_ context.Context, records [][]byte) (answer, error) {
	f.times = append(f.times, time.Now())
	f.sizes = append(f.sizes, len(records))
	i := min(len(f.times), len(f.errors)) - 1
	return f.answer, f.errors[i]
}

func (f *fakeTransport) close() { f.closed++ }

// pauses are those between the requests.
func (f *fakeTransport) pauses() []time.Duration {
	var pauses []time.Duration
	for i := 1; i < len(f.times); i++ {
		pauses = append(pauses, f.times[i].Sub(f.times[i-1]))
	}
	return pauses
}

func fakeSender(t *testing.T, f *fakeTransport) (*Sender, *journal.Journal, *bytes.Buffer) {
	t.Helper()
	outbox, log := journal.NewMemory(journal.Options{Capacity: 1 << 20}), new(bytes.Buffer)
	s := NewSender(Settings{Endpoint: &url.URL{Scheme: "http", Host: "c:1"}}, outbox.Outbox(journal.Logs), Hooks{},
		slog.New(slog.NewTextHandler(log, nil)))
	s.dial = func(Settings) (transport, error) { return f, nil }
	return s, outbox, log
}

func commit(t *testing.T, outbox *journal.Journal, records ...string) {
	t.Helper()
	for _, r := range records {
		g := journal.Group{Records: map[journal.Signal][][]byte{journal.Logs: {[]byte(r)}}, Emitted: 1, Seq: 1}
		if err := outbox.Commit(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
}

// runToEnd runs s until its outbox is empty.
func runToEnd(t *testing.T, s *Sender, outbox *journal.Journal) {
	t.Helper()
	outbox.Seal()
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func repeat(err error, n int) []error {
	errs := make([]error, n, n+1)
	for i := range errs {
		errs[i] = err
	}
	return append(errs, nil)
}

func TestPausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{errors: repeat(&failure{err: errors.New("down")}, 20)}
		s, outbox, _ := fakeSender(t, f)
		commit(t, outbox, "a")
		runToEnd(t, s, outbox)
		for i, paused := range f.pauses() {
			middle := min(time.Second<<i, 30*time.Second)
			if paused < middle/2 || paused > middle*3/2 {
				t.Errorf("pause %d is %s, want %s give or take half", i, paused, middle)
			}
		}
		if f.closed != 1 {
			t.Errorf("closed %d times", f.closed)
		}
	})
}

func TestPausesBeginAnewAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &failure{err: errors.New("down")}
		f := &fakeTransport{errors: []error{down, down, down, down, nil, down, nil}}
		s, outbox, _ := fakeSender(t, f)
		s.settings.MaxRecords = 1
		commit(t, outbox, "a", "b")
		runToEnd(t, s, outbox)
		if last := f.pauses()[5]; last > 2*time.Second {
			t.Errorf("the first pause of another outage is %s", last)
		}
	})
}

// TestRecordsGather: a record each millisecond makes no request each millisecond,
// but one that comes after a while is sent at once.
func TestRecordsGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{errors: []error{nil}}
		s, outbox, _ := fakeSender(t, f)
		go func() {
			for range 90 {
				time.Sleep(time.Millisecond)
				commit(t, outbox, "a")
			}
			time.Sleep(time.Minute)
			commit(t, outbox, "late")
			synctest.Wait()
			if got := len(f.times); got != 5 {
				t.Errorf("%d requests after a lone record, want 5", got)
			}
			outbox.Seal()
		}()
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{30 * time.Millisecond, 30 * time.Millisecond, 30 * time.Millisecond},
			f.pauses()[:3]); diff != "" {
			t.Errorf("time between requests (-want +got):\n%s", diff)
		}
		if sum := f.sizes[0] + f.sizes[1] + f.sizes[2] + f.sizes[3]; f.sizes[0] != 1 || sum != 90 {
			t.Errorf("requests of %v records", f.sizes)
		}
	})
}

// TestGatheringEnds: no record waits for others if there is a full request, or if no more
// records can come.
func TestGatheringEnds(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *Sender, outbox *journal.Journal){
		"records": func(t *testing.T, _ *Sender, outbox *journal.Journal) { commit(t, outbox, "b", "c", "d") },
		"bytes":   func(t *testing.T, _ *Sender, outbox *journal.Journal) { commit(t, outbox, strings.Repeat("b", 1000)) },
		"sealed": func(t *testing.T, _ *Sender, outbox *journal.Journal) {
			commit(t, outbox, "b")
			outbox.Seal()
		},
		"shortened pauses": func(t *testing.T, s *Sender, outbox *journal.Journal) {
			commit(t, outbox, "b")
			s.ShortenPauses()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeTransport{errors: []error{nil}}
				s, outbox, _ := fakeSender(t, f)
				s.settings.MaxRecords, s.settings.MaxBytes = 3, 1000
				go func() {
					commit(t, outbox, "a")
					time.Sleep(time.Millisecond)
					end(t, s, outbox)
					synctest.Wait()
					if len(f.times) != 2 {
						t.Errorf("%d requests, want 2", len(f.times))
					}
					outbox.Seal()
				}()
				if err := s.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestReceiversWishForPauses(t *testing.T) {
	for wish, want := range map[time.Duration]time.Duration{
		time.Millisecond: time.Second, // not more often than we would
		90 * time.Second: 90 * time.Second,
		time.Hour:        5 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakeTransport{errors: repeat(&failure{after: wish, err: errors.New("full")}, 10)}
			s, outbox, _ := fakeSender(t, f)
			commit(t, outbox, "a")
			runToEnd(t, s, outbox)
			for _, got := range f.pauses() {
				if got != want {
					t.Errorf("asked for %s, paused %s, want %s", wish, got, want)
				}
			}
		})
	}
}

func TestLogsTroubleOnceInAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{errors: repeat(&failure{after: 10 * time.Second, err: errors.New("down")}, 30)} // 5 minutes
		s, outbox, log := fakeSender(t, f)
		commit(t, outbox, "a")
		runToEnd(t, s, outbox)
		if n := strings.Count(log.String(), "accepts no records"); n != 5 {
			t.Errorf("logged %d times in 5 minutes:\n%s", n, log)
		}
		if n := strings.Count(log.String(), "is back"); n != 1 {
			t.Errorf("logged recovery %d times:\n%s", n, log)
		}
		if want := "attempts_failed=30 failed_for=5m0s"; !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	})
}

func TestFlappingReceiverDoesNotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &failure{after: time.Second, err: errors.New("down")}
		f := &fakeTransport{errors: []error{down, nil, down, nil, down, nil, down, nil}}
		s, outbox, log := fakeSender(t, f)
		s.settings.MaxRecords = 1
		commit(t, outbox, "a", "b", "c", "d")
		runToEnd(t, s, outbox)
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("logged %d lines, want one of trouble and one of recovery:\n%s", n, log)
		}
	})
}

func TestRefusalsAreLoggedAtALimitedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{errors: []error{&failure{verdict: refuse, err: errors.New("bad")}}}
		s, outbox, log := fakeSender(t, f)
		s.settings.MaxRecords = 1
		commit(t, outbox, "a", "b", "c")
		go func() {
			time.Sleep(2 * time.Minute)
			commit(t, outbox, "d")
			outbox.Seal()
		}()
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "not_logged=2") {
			t.Errorf("want 2 lines, the second telling of 2 more:\n%s", log)
		}
	})
}

func TestRunFailsIfItCannotDial(t *testing.T) {
	s, _, _ := fakeSender(t, nil)
	broken := errors.New("no such scheme")
	s.dial = func(Settings) (transport, error) { return nil, broken }
	if err := s.Run(t.Context()); !errors.Is(err, broken) || !strings.Contains(err.Error(), "http://c:1") {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "soon": 0, "1.5": 0,
		"7":                             7 * time.Second,
		"99999999999999":                24 * time.Hour,
		"Fri, 01 May 2026 12:00:30 GMT": 30 * time.Second,
		"Fri, 01 May 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("Retry-After %q is %s, want %s", value, got, want)
		}
	}
}

func TestRawCodecTakesNothingElse(t *testing.T) {
	var c rawCodec
	if _, err := c.Marshal("a string"); err == nil {
		t.Error("marshalled a string")
	}
	if err := c.Unmarshal(nil, new(string)); err == nil {
		t.Error("unmarshalled into a string")
	}
}
