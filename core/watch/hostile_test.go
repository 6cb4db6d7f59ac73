package watch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
)

// long is the factor of the long form of the tests in this file, which HOSTILE=long
// chooses.
func long(t *testing.T, factor int) int {
	t.Helper()
	if os.Getenv("HOSTILE") == "long" {
		return factor
	}
	return 1
}

// hostile is a server without a network, so that time can be the test's. It answers
// each request as the test says, and keeps when they came.
type hostile struct {
	answer func(n int, r *http.Request) (*http.Response, error) // n: from 1
	start  time.Time

	mu   sync.Mutex
	at   []time.Duration // since start
	list []bool
}

func (h *hostile) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.at = append(h.at, time.Since(h.start))
	h.list = append(h.list, !r.URL.Query().Has("watch") || r.URL.Query().Has("sendInitialEvents"))
	n := len(h.at)
	h.mu.Unlock()
	resp, err := h.answer(n, r)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

func (h *hostile) requests() []time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]time.Duration(nil), h.at...)
}

// startHostile starts a stream of all pods with its default timings.
func startHostile(t *testing.T, from string, answer func(n int, r *http.Request) (*http.Response, error)) (*hostile,
	*logbuffer.Buffer,
) {
	t.Helper()
	h := &hostile{answer: answer, start: time.Now()}
	log := new(logbuffer.Buffer)
	client, err := watch.NewClient(&rest.Config{Host: "http://api.invalid", Transport: h, BearerToken: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	s := watch.New(watch.Settings{Client: client, Logger: slog.New(slog.NewTextHandler(log, nil))})
	out := make(chan watch.Event)
	go func() { _ = s.Run(t.Context(), from, out) }()
	go discard(t.Context(), out)
	return h, log
}

// discard reads events until the context ends.
func discard(ctx context.Context, out <-chan watch.Event) {
	for {
		select {
		case <-out:
		case <-ctx.Done():
			return
		}
	}
}

func response(status int, body io.Reader, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(body)}
}

const initialEnd = `{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"1000","annotations":{"k8s.io/initial-events-end":"true"}}}}` + "\n"

// untilDone is a watch that stays open until the test ends.
func untilDone(t *testing.T, first string) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	go func() {
		_, _ = io.WriteString(w, first)
		<-t.Context().Done()
		_ = w.Close()
	}()
	return r
}

// TestHostileRetryAfter: a server, or a proxy before it, asks for a pause of any length
// in any form. The stream waits that long, but never longer than five minutes and the
// usual pause.
func TestHostileRetryAfter(t *testing.T) {
	const status = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"later","reason":"TooManyRequests","code":429%s}`
	for name, c := range map[string]struct {
		status       int
		header, body string
		least, most  time.Duration
	}{
		"a day, in words": {
			429, "86400", "Too many requests, please try again later.", 5 * time.Minute, 5 * time.Minute,
		},
		"68 years":                {503, "2147483647", "maintenance", 5 * time.Minute, 5 * time.Minute},
		"more than an integer":    {503, strings.Repeat("9", 40), "maintenance", 5 * time.Minute, 5 * time.Minute},
		"a date":                  {503, "Sat, 01 Jan 2124 00:00:00 GMT", "maintenance", 5 * time.Minute, 5 * time.Minute},
		"a Status without detail": {429, "20", fmt.Sprintf(status, ""), 20 * time.Second, 20 * time.Second},
		"a Status with a day": {
			429, "", fmt.Sprintf(status, `,"details":{"retryAfterSeconds":86400}`), 5 * time.Minute, 5 * time.Minute,
		},
		"a negative number":      {429, "-86400", fmt.Sprintf(status, ""), 0, 2 * time.Second},
		"a date that has passed": {503, "Thu, 01 Jan 1970 00:00:00 GMT", "maintenance", 0, 2 * time.Second},
		"nonsense":               {503, "tomorrow", "maintenance", 0, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := startHostile(t, "", func(n int, _ *http.Request) (*http.Response, error) {
					if n > 1 {
						return response(http.StatusOK, untilDone(t, initialEnd)), nil
					}
					return response(c.status, strings.NewReader(c.body), "Retry-After", c.header), nil
				})
				time.Sleep(time.Hour)
				at := h.requests()
				if len(at) < 2 || at[1] < c.least || at[1] > c.most {
					t.Errorf("requests at %v, want the second between %v and %v", at, c.least, c.most)
				}
			})
		})
	}
}

// TestHostileOutage: after an outage that has raised the pause to its longest, the
// history is gone. The list follows at once.
func TestHostileOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const outage = 10 * time.Minute
		h, _ := startHostile(t, "900", func(_ int, r *http.Request) (*http.Response, error) {
			switch q := r.URL.Query(); {
			case time.Since(h0(t)) < outage:
				return nil, syscall.ECONNREFUSED
			case q.Has("watch") && !q.Has("sendInitialEvents"):
				return response(http.StatusGone,
					strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}`)), nil
			}
			return response(http.StatusOK, untilDone(t, initialEnd)), nil
		})
		time.Sleep(outage + time.Hour)
		at := h.requests()
		for i, list := range h.list {
			if list {
				if wait := at[i] - at[i-1]; wait > 0 {
					t.Errorf("the list came %v after the answer that the history is gone", wait)
				}
				return
			}
		}
		t.Errorf("there was no list; requests at %v", at)
	})
}

// h0 returns the time at which every bubble begins.
func h0(t *testing.T) time.Time {
	t.Helper()
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
}

// TestHostileShortWatches: a server ends each watch in a way that looks like progress.
// The requests become as rare as for one that fails.
func TestHostileShortWatches(t *testing.T) {
	gone := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}`
	for name, answer := range map[string]func(t *testing.T, n int, r *http.Request) (*http.Response, error){
		"after its bookmark": func(*testing.T, int, *http.Request) (*http.Response, error) {
			return response(http.StatusOK, strings.NewReader(initialEnd)), nil
		},
		"after its bookmark and a second": func(t *testing.T, _ int, _ *http.Request) (*http.Response, error) {
			t.Helper()
			r, w := io.Pipe()
			go func() {
				_, _ = io.WriteString(w, initialEnd)
				select {
				case <-time.After(time.Second):
				case <-t.Context().Done(): // or the test would end while this waits
				}
				_ = w.Close()
			}()
			return response(http.StatusOK, r), nil
		},
		"after an event": func(_ *testing.T, n int, _ *http.Request) (*http.Response, error) {
			event := fmt.Sprintf(`{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","resourceVersion":"%d"}}}`, 1000+n)
			return response(http.StatusOK, strings.NewReader(initialEnd+event)), nil
		},
		"at once": func(*testing.T, int, *http.Request) (*http.Response, error) {
			return response(http.StatusOK, strings.NewReader("")), nil
		},
		"with a history that is always gone": func(_ *testing.T, _ int, r *http.Request) (*http.Response, error) {
			if q := r.URL.Query(); q.Has("watch") && !q.Has("sendInitialEvents") {
				return response(http.StatusGone, strings.NewReader(gone)), nil
			}
			return response(http.StatusOK, strings.NewReader(initialEnd)), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hours := long(t, 24*30)
				h, log := startHostile(t, "", func(n int, r *http.Request) (*http.Response, error) { return answer(t, n, r) })
				time.Sleep(time.Duration(hours) * time.Hour)
				// A pause of 30 s on average; verifying lists come on top.
				if n := len(h.requests()); n > 400*hours {
					t.Errorf("%d requests in %d hours", n, hours)
				}
				if n := len(log.Lines()); n > 400*hours {
					t.Errorf("%d lines in the log", n)
				}
			})
		})
	}
}

// TestHostileNamespaces: hundreds of streams begin together, and do not overrun the
// server.
func TestHostileNamespaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		namespaces := 300 * long(t, 10)
		h := &hostile{start: time.Now(), answer: func(_ int, r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("watch") {
				return response(http.StatusOK, untilDone(t, initialEnd)), nil
			}
			return response(http.StatusOK,
				strings.NewReader(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1000"}}`)), nil
		}}
		client, err := watch.NewClient(&rest.Config{Host: "http://api.invalid", Transport: h})
		if err != nil {
			t.Fatal(err)
		}
		out := make(chan watch.Event)
		for i := range namespaces {
			s := watch.New(watch.Settings{Client: client, Namespace: fmt.Sprint("ns-", i)})
			go func() { _ = s.Run(t.Context(), "", out) }()
			go s.CheckList(t.Context())
		}
		go discard(t.Context(), out)
		took := time.Duration(2*namespaces/50) * time.Second
		time.Sleep(took)
		first := 0
		for _, at := range h.requests() {
			if at < time.Second {
				first++
			}
		}
		if n := len(h.requests()); first > 100 || n != 2*namespaces {
			t.Errorf("%d requests in the first second, %d in %v, want at most 100 and %d", first, n, took, 2*namespaces)
		}
	})
}

// endless is a body that never ends, and counts the bytes read.
type endless struct {
	head *strings.Reader
	fill byte
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.head.Read(p)
	if err != nil {
		n = copy(p, bytes.Repeat([]byte{e.fill}, len(p)))
	}
	e.read += int64(n)
	return n, nil
}

// TestHostileAnswers: an answer of any kind never ends. Only so much of it is read, and
// the log says why it was given up.
func TestHostileAnswers(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		status  int
		head    string
		fill    byte
		pages   bool // streaming lists are refused
		most    int64
		message string
	}{
		"an event in JSON": {200, `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"`, 'a', false, 17 * mib, "an event in JSON has more than 16777216 bytes"},
		"a list in JSON":   {200, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[`, ' ', true, 33 * mib, "a page of the list in JSON has more than 33554432 bytes"},
		"an error":         {500, "", 'e', false, mib, "error"},
		"white space":      {200, "", ' ', false, 33 * mib, "neither protobuf nor JSON"},
		"a huge frame":     {200, "\x1f\xff\xff\xff", 0, false, mib, "larger than 16777216"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				body := &endless{head: strings.NewReader(c.head), fill: c.fill}
				served := 0
				_, log := startHostile(t, "", func(_ int, r *http.Request) (*http.Response, error) {
					if c.pages && r.URL.Query().Has("watch") {
						return response(http.StatusUnprocessableEntity, strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)), nil
					}
					if served++; served > 1 {
						return nil, syscall.ECONNREFUSED
					}
					return response(c.status, body), nil
				})
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if body.read == 0 || body.read > c.most {
					t.Errorf("%d bytes were read, at most %d are allowed", body.read, c.most)
				}
				if !strings.Contains(log.String(), c.message) {
					t.Errorf("the log lacks %q:\n%s", c.message, log)
				}
			})
		})
	}
}

// TestHostileRedirect: the server redirects to another address, in plain text or not.
// Nothing is requested there, and the log has the reason.
func TestHostileRedirect(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, to := range []string{
			"http://thief.invalid/x?token=1", "https://thief.invalid/x", "//thief.invalid", "/elsewhere", "",
		} {
			t.Run(fmt.Sprint(status, " ", to), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, log := startHostile(t, "", func(_ int, r *http.Request) (*http.Response, error) {
						if r.URL.Host != "api.invalid" || !strings.HasPrefix(r.URL.Path, "/api/v1/pods") {
							t.Errorf("request of %s with %q", r.URL, r.Header.Get("Authorization"))
						}
						return response(status, strings.NewReader(""), "Location", to), nil
					})
					time.Sleep(time.Minute)
					if !strings.Contains(log.String(), "redirects are refused") || strings.Contains(log.String(), "token=1") {
						t.Errorf("the log has no reason, or the whole target:\n%s", log)
					}
				})
			})
		}
	}
}
