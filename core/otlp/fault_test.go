package otlp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/grpc/codes"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// code is a fault of gRPC, status one of HTTP.
func code(c codes.Code, message string) otlptest.Fault {
	return otlptest.Fault{Code: c, Message: message}
}

func status(s int) otlptest.Fault { return otlptest.Fault{Status: s, Message: "because"} }

// TestRetries plays each fault twice. Everything has to arrive, once, and the fault has to
// be in the log.
func TestRetries(t *testing.T) {
	type fault struct {
		fault otlptest.Fault
		log   string
	}
	both := map[string]fault{
		"unavailable": {otlptest.Unavailable(), "shutting down"},
		"throttled":   {otlptest.Throttled(0), "queue full"},
		"close":       {otlptest.Fault{Close: true}, "accepts no records"},
		"giant":       {otlptest.Fault{Bytes: 5 << 20}, "4194381"},
	}
	protocols := map[string]map[string]fault{"grpc": {}, "http": {}}
	for _, c := range []codes.Code{
		codes.Canceled, codes.Unknown, codes.DeadlineExceeded, codes.NotFound, codes.AlreadyExists,
		codes.PermissionDenied, codes.ResourceExhausted, codes.Aborted, codes.OutOfRange, codes.Unimplemented,
		codes.Internal, codes.Unavailable, codes.DataLoss, codes.Unauthenticated, 99,
	} {
		protocols["grpc"][c.String()] = fault{code(c, "because"), c.String() + ": because"}
	}
	for _, s := range []int{401, 403, 404, 405, 408, 409, 415, 425, 429, 500, 501, 502, 503, 504, 505, 599} {
		protocols["http"][strconv.Itoa(s)] = fault{status(s), fmt.Sprintf("HTTP %d", s)}
	}
	for _, s := range []int{301, 302, 307, 308} {
		protocols["http"][strconv.Itoa(s)] = fault{
			otlptest.Fault{Status: s, Location: "/v1/logs"}, "redirects aren't followed",
		}
	}
	protocols["grpc"]["hang"] = fault{otlptest.Fault{Hang: true}, "DeadlineExceeded"}
	protocols["http"]["hang"] = fault{otlptest.Fault{Hang: true}, "no answer within 50ms"}
	protocols["http"]["plaintext to TLS"] = fault{
		otlptest.Fault{Status: 400, Message: "Client sent an HTTP request to an HTTPS server.\n"}, "HTTPS server",
	}
	protocols["http"]["page"] = fault{otlptest.Fault{Page: "<p>please log in"}, "not an OTLP receiver"}
	protocols["http"]["text"] = fault{otlptest.Fault{Page: "ok", Type: "text/plain"}, "not an OTLP receiver"}
	protocols["http"]["JSON"] = fault{
		otlptest.Fault{Page: `{"error":"no such page"}`, Type: "application/json"}, "not an OTLP response",
	}

	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		for name, f := range faultsOf(o, protocols, both) {
			t.Run(name, func(t *testing.T) {
				h := newHarness(t, otlptest.New(t, o), o)
				if f.fault.Hang {
					h.settings.Timeout = 50 * time.Millisecond
				}
				h.receiver.Play(f.fault, f.fault)
				h.commit("a", "b", "c")
				h.start()
				h.drain()
				h.wantReceived("a", "b", "c")
				want := map[otlp.Outcome]int{otlp.Retried: 2, otlp.Delivered: 1}
				if f.fault.Hang { // less is asked of a receiver that is slow
					want[otlp.Delivered] = 3
				}
				if n := h.receiver.Attempts(); n != 2+want[otlp.Delivered] {
					t.Errorf("%d attempts, want %d", n, 2+want[otlp.Delivered])
				}
				h.stop()
				h.wantLogged(f.log, "is back")
				if f.fault.Close { // the pause after it may be too short for a new connection
					want[otlp.Retried] = h.outcomes()[otlp.Retried]
				}
				if diff := cmp.Diff(want, h.outcomes()); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
			})
		}
	})
}

// TestSlow: a receiver that can't answer in time to many records is asked to
// take fewer, and then more again.
func TestSlow(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		h.settings.Timeout = 500 * time.Millisecond
		hang := otlptest.Fault{Hang: true}
		h.receiver.Play(hang, hang, hang, hang, hang)
		bodies := strings.Split(strings.Repeat("abcdefgh", 8), "")
		h.commit(bodies...)
		h.start()
		h.drain()
		h.wantReceived(bodies...)
		h.stop()
		var sizes []int
		for _, r := range h.requests {
			sizes = append(sizes, r.Records)
		}
		if diff := cmp.Diff([]int{64, 32, 16, 8, 4, 2, 2}, sizes[:7]); diff != "" {
			t.Errorf("records of the requests (-want +got):\n%s", diff)
		}
		if most := slices.Max(sizes[7:]); most != 3 {
			t.Errorf("later up to %d records, want 3", most)
		}
	})
}

// TestLateAnswer: an answer that comes in the last moment is one.
func TestLateAnswer(t *testing.T) {
	const timeout = 3 * time.Second
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(timeout * 92 / 100)
		http.Error(w, "no such record", http.StatusBadRequest)
	}))
	defer server.Close()
	h := newHarness(t, otlptest.New(t, otlptest.Options{HTTP: true}), otlptest.Options{HTTP: true})
	endpoint, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	h.settings.Endpoint, h.settings.Timeout = endpoint, timeout
	h.commit("a")
	h.start()
	h.drain()
	h.stop()
	if diff := cmp.Diff([]string{"a"}, h.refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// TestShortenPauses: when time is running out, a receiver that asked for a long pause is
// tried again.
func TestShortenPauses(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		h.settings.RetryHintMax = time.Hour
		h.receiver.Play(otlptest.Throttled(time.Hour))
		h.commit("a")
		h.start()
		wait.Until(t, "an attempt", func() bool { return h.receiver.Attempts() == 1 })
		h.sender.ShortenPauses()
		h.drain()
		h.wantReceived("a")
		h.stop()
	})
}

// TestLostAnswer: the receiver has the records but its answer gets lost. They are
// duplicated, whole and in order.
func TestLostAnswer(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		for name, f := range map[string]otlptest.Fault{
			"closed":    {Close: true, Lost: true},
			"timed out": {Hang: true, Lost: true},
		} {
			t.Run(name, func(t *testing.T) {
				h := newHarness(t, otlptest.New(t, o), o)
				h.settings.Timeout = time.Second
				h.receiver.Play(f)
				h.commit("a", "b")
				h.start()
				h.drain()
				h.commit("c")
				h.drain()
				h.wantReceived("a", "b", "a", "b", "c")
			})
		}
	})
}

func TestReceiverSaysWhenToComeBack(t *testing.T) {
	pauses := func(o otlptest.Options) map[string]otlptest.Fault {
		if !o.HTTP {
			return map[string]otlptest.Fault{"RetryInfo": otlptest.Throttled(400 * time.Millisecond)}
		}
		date := otlptest.Throttled(3 * time.Second) // a date has whole seconds: 2 s to 3 s
		date.AsDate = true
		return map[string]otlptest.Fault{"seconds": otlptest.Throttled(time.Second), "date": date}
	}
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		for name, f := range pauses(o) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t, otlptest.New(t, o), o)
				h.receiver.Play(f)
				h.commit("a")
				h.start()
				h.drain()
				h.stop()
				least := f.RetryAfter
				if f.AsDate {
					least -= time.Second
				}
				// OnRequest is called after a request: the second one takes no
				// time to speak of.
				if paused := h.times[1].Sub(h.times[0]); paused < least {
					t.Errorf("came back after %s, want %s", paused, least)
				}
			})
		}
	})
}

func TestPartialSuccess(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		for name, c := range map[string]struct {
			fault otlptest.Fault
			want  int64
			log   string
		}{
			"rejected": {otlptest.Fault{Rejected: 2, Message: "too old"}, 2, "rejected=2 message=\"too old\""},
			"silently": {otlptest.Fault{Rejected: 1}, 1, "rejected=1"},
			"warning":  {otlptest.Fault{Message: "use v2"}, 0, "warning\" endpoint"},
			"long":     {otlptest.Fault{Message: strings.Repeat("x", 2000)}, 0, strings.Repeat("x", 512) + "..."},
			"garbage":  {otlptest.Fault{Garbage: true}, 0, "not an OTLP response"},
		} {
			t.Run(name, func(t *testing.T) {
				h := newHarness(t, otlptest.New(t, o), o)
				h.receiver.Play(c.fault, c.fault)
				h.commit("a", "b", "c")
				h.start()
				h.drain()
				h.commit("d")
				h.drain()
				h.stop()
				h.wantReceived("a", "b", "c", "d") // none of them again
				h.wantLogged(c.log)
				if n := strings.Count(h.log.String(), "\n"); n != 1 {
					t.Errorf("logs %d lines, want one in a minute:\n%s", n, h.log)
				}
				if got := h.requests[0]; got.Rejected != c.want || got.Records != 3 || got.Outcome != otlp.Delivered {
					t.Errorf("got %+v", got)
				}
			})
		}
	})
}

// TestRefusedRecords: the bad ones go to the hook, the others arrive in order.
func TestRefusedRecords(t *testing.T) {
	for name, bad := range map[string][]int{
		"first":   {0},
		"last":    {99},
		"middle":  {42},
		"several": {3, 4, 50, 98},
		"all": slices.Collect(func(yield func(int) bool) {
			for i := 0; i < 100 && yield(i); i++ {
			}
		}),
	} {
		bothProtocols(t, func(t *testing.T, o otlptest.Options) {
			t.Run(name, func(t *testing.T) {
				var good, refused []string
				for i, body := range numbered(100) {
					if slices.Contains(bad, i) {
						refused = append(refused, body)
					} else {
						good = append(good, body)
					}
				}
				h := newHarness(t, otlptest.New(t, o), o)
				h.receiver.Refuse(func(logs *logspb.ResourceLogs) bool {
					return slices.Contains(refused, otlptest.Bodies(logs)[0])
				})
				h.commit(numbered(100)...)
				h.start()
				h.drain()
				h.wantReceived(good...)
				if diff := cmp.Diff(refused, h.refused); diff != "" {
					t.Errorf("refused (-want +got):\n%s", diff)
				}
				h.wantLogged("refused a record permanently", "bad record")
				if got := h.outcomes(); got[otlp.Refused] != len(bad) || got[otlp.Retried] != 0 {
					t.Errorf("outcomes are %v", got)
				}
				if most := min(100, len(bad)*14) + 14; h.receiver.Attempts() > most {
					t.Errorf("took %d requests, want at most %d", h.receiver.Attempts(), most)
				}
			})
		})
	}
}

// TestUnreadableRecord: a record that the receiver can't decode is not sent for ever.
func TestUnreadableRecord(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		h := newHarness(t, otlptest.New(t, o), o)
		records := encode("a", "b")
		records = slices.Insert(records, 1, []byte{0x0a, 0x02, 0x0a, 0x7f}) // a length beyond the end
		var refused [][]byte
		if err := h.outbox.Commit(t.Context(), groupOf(records...)); err != nil {
			t.Fatal(err)
		}
		outbox := refusals{h.outbox.Outbox(journal.Logs), func(record []byte, _ string) { refused = append(refused, record) }}
		s := otlp.NewSender(h.settings, outbox, otlp.Hooks{}, discard())
		h.outbox.Seal()
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.wantReceived("a", "b")
		if len(refused) != 1 || len(refused[0]) != 4 {
			t.Errorf("refused %v", refused)
		}
	})
}

func TestOtherRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		options otlptest.Options
		fault   otlptest.Fault
	}{
		"FailedPrecondition":   {otlptest.Options{}, code(codes.FailedPrecondition, "no")},
		"Unprocessable Entity": {otlptest.Options{HTTP: true}, status(http.StatusUnprocessableEntity)},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, otlptest.New(t, c.options), c.options)
			h.receiver.Play(c.fault)
			h.commit("a")
			h.start()
			h.drain()
			h.commit("b")
			h.drain()
			h.wantReceived("b")
			if diff := cmp.Diff([]string{"a"}, h.refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReceiverTakesLess than our requests have: they shrink, and stay so.
func TestReceiverTakesLess(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		o.MaxBytes = 5_000
		h := newHarness(t, otlptest.New(t, o), o)
		var want []string
		for i := range 500 {
			want = append(want, fmt.Sprintf("%0200d", i))
		}
		giant := strings.Repeat("g", 6_000)
		h.commit(slices.Insert(slices.Clone(want), 250, giant)...)
		h.start()
		h.drain()
		h.wantReceived(want...)
		if diff := cmp.Diff([]string{giant}, h.refused); diff != "" {
			t.Errorf("refused (-want +got):\n%s", diff)
		}
		if got := h.outcomes(); got[otlp.Split] > 6 || got[otlp.Refused] != 1 || got[otlp.Retried] != 0 {
			t.Errorf("outcomes are %v, want the size found once", got)
		}
		h.wantLogged("sending smaller ones")
	})
}

// TestOtherWordsForTooLarge: gRPC has no code for it, and each implementation
// its own words.
func TestOtherWordsForTooLarge(t *testing.T) {
	for _, f := range []otlptest.Fault{
		code(codes.ResourceExhausted, "gRPC message exceeds maximum size 4194304: 5000000"),
		code(codes.ResourceExhausted, "Received message exceeds the maximum configured message size."),
		code(codes.ResourceExhausted, "Received message larger than max (5000000 vs. 4194304)"),
		code(codes.OutOfRange, "Error, decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes"),
		code(codes.Unknown, "unexpected HTTP status code received from server: 413 (Request Entity Too Large)"),
	} {
		t.Run(f.Message, func(t *testing.T) {
			o := otlptest.Options{}
			h := newHarness(t, otlptest.New(t, o), o)
			h.receiver.Play(f)
			h.commit("a", "b")
			h.start()
			h.drain()
			h.wantReceived("a", "b")
			if got := h.outcomes(); got[otlp.Split] != 1 || got[otlp.Delivered] != 2 {
				t.Errorf("outcomes are %v", got)
			}
		})
	}
}

func TestWrongPath(t *testing.T) {
	o := otlptest.Options{HTTP: true}
	h := newHarness(t, otlptest.New(t, o), o)
	h.settings.Endpoint.Path = "/elsewhere"
	h.commit("a")
	h.start()
	wait.Until(t, "attempts", func() bool { return h.outcomes()[otlp.Retried] > 2 })
	h.stop()
	h.wantLogged("HTTP 404 Not Found", "/elsewhere")
	if n := h.outbox.Stats().Records; n != 1 {
		t.Errorf("%d records are left, want 1", n)
	}
}

func TestLogHasNoCredentials(t *testing.T) {
	for name, start := range map[string]func(testing.TB, otlptest.Options) *otlptest.Receiver{
		"up": otlptest.New, "down": otlptest.Unreachable,
	} {
		t.Run(name, func(t *testing.T) {
			o := otlptest.Options{HTTP: true}
			h := newHarness(t, start(t, o), o)
			h.settings = settings(t, otlp.Config{
				Endpoint: strings.Replace(h.receiver.URL(), "://", "://user:s3cret@", 1) + "?token=s3cret",
				Protocol: "http/protobuf",
			}, "OTEL_EXPORTER_OTLP_HEADERS=x-key=s3cret")
			h.receiver.PlayAlways(&otlptest.Fault{Status: 401})
			h.commit("a")
			h.start()
			h.log.Await(t, "accepts no records")
			h.stop()
			if strings.Contains(h.log.String(), "s3cret") {
				t.Errorf("the log shows a secret:\n%s", h.log)
			}
		})
	}
}

// TestHostileAnswers: a server that is no receiver, or that answers with gigabytes, costs no
// record: none is acknowledged or a dead letter while it answers, and all arrive afterwards.
func TestHostileAnswers(t *testing.T) {
	both := map[string]otlptest.Fault{"giant": {Bytes: 64 << 20}, "just too large": {Bytes: 4<<20 + 100}}
	protocols := map[string]map[string]otlptest.Fault{"grpc": {}, "http": {
		"JSON":            {Page: `{"error":{"code":404,"message":"no such page"}}`, Type: "application/json; charset=utf-8"},
		"list in JSON":    {Page: `[]`, Type: "application/json"},
		"text":            {Page: "OK\n", Type: "text/plain"},
		"unknown":         {Page: "\x0a\x00", Type: "application/octet-stream"},
		"similar in JSON": {Page: `{"partialSuccess":{},"status":"error"}`, Type: "application/json"},
	}}
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		for name, f := range faultsOf(o, protocols, both) {
			t.Run(name, func(t *testing.T) {
				h := newHarness(t, otlptest.New(t, o), o)
				h.receiver.PlayAlways(&f)
				h.commit("a", "b", "c", "d")
				h.start()
				wait.Until(t, "it is tried again", func() bool { return h.receiver.Attempts() >= 6 })
				h.receiver.PlayAlways(nil)
				h.drain()
				h.wantReceived("a", "b", "c", "d")
				h.stop()
				if n := h.outcomes()[otlp.Delivered]; n != 1 || len(h.refused) > 0 {
					t.Errorf("%d requests are delivered, %q refused", n, h.refused)
				}
			})
		}
	})
}

// TestAnswersInJSON: OTLP's answer in JSON is one, though requests are protobuf.
func TestAnswersInJSON(t *testing.T) {
	for page, rejected := range map[string]int64{
		`{}`:                      0,
		`{"partialSuccess":{}}`:   0,
		`{"partialSuccess":null}`: 0,
		`{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}`: 2,
		`{"partialSuccess":{"rejectedSpans":1}}`:                                 1,
	} {
		o := otlptest.Options{HTTP: true}
		h := newHarness(t, otlptest.New(t, o), o)
		h.receiver.PlayAlways(&otlptest.Fault{Page: page, Type: "application/json"})
		h.commit("a", "b", "c")
		h.start()
		h.drain()
		h.stop()
		if got := h.requests[0]; len(h.requests) != 1 || got.Outcome != otlp.Delivered || got.Rejected != rejected {
			t.Errorf("%s: %+v", page, h.requests)
		}
	}
}
