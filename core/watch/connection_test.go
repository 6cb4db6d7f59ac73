package watch_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// traffic records the connections of a client's requests.
type traffic struct {
	mu        sync.Mutex
	protocols map[string]int
	encodings map[string]int // that were asked for
	requests  int
	over      map[string]bool // local addresses
	last      net.Conn
}

// watched returns a config whose requests are written down.
func watched(cfg *rest.Config) (*rest.Config, *traffic) {
	w := &traffic{protocols: map[string]int{}, encodings: map[string]int{}, over: map[string]bool{}}
	cfg.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			trace := &httptrace.ClientTrace{
				GotConn: func(info httptrace.GotConnInfo) {
					w.note(func() {
						w.requests, w.last = w.requests+1, info.Conn
						w.over[info.Conn.LocalAddr().String()] = true
					})
				},
				WroteHeaderField: func(key string, values []string) {
					if strings.EqualFold(key, "Accept-Encoding") {
						w.note(func() { w.encodings[values[0]]++ })
					}
				},
			}
			resp, err := rt.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
			if err == nil {
				w.note(func() { w.protocols[resp.Proto]++ })
			}
			return resp, err
		})
	})
	return cfg, w
}

func (w *traffic) note(what func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what()
}

// connections is how many there were, requests how many went over them.
func (w *traffic) connections() (made, requests int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.over), w.requests
}

func open() chan struct{} {
	gate := make(chan struct{})
	close(gate)
	return gate
}

// TestHTTP1 holds that the client neither accepts an offer of HTTP/2 nor asks for
// compression, unless its config does.
func TestHTTP1(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rest.Config)
		want   map[string]int
	}{
		"by default":     {func(*rest.Config) {}, map[string]int{"HTTP/1.1": 1}},
		"as it was set":  {func(cfg *rest.Config) { cfg.NextProtos = []string{"h2"} }, map[string]int{"HTTP/2.0": 1}},
		"through a dial": {func(cfg *rest.Config) { cfg.Dial = new(net.Dialer).DialContext }, map[string]int{"HTTP/1.1": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, w := watched(newServer(t, apiscript.WithTLS()).Config())
			c.change(cfg)
			before := rest.CopyConfig(cfg)
			client, err := watch.NewClient(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := client.Get().Resource("pods").Do(t.Context()).Error(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, w.protocols); diff != "" {
				t.Errorf("protocols (-want +got):\n%s", diff)
			}
			if len(w.encodings) > 0 {
				t.Errorf("asked for the encodings %v", w.encodings)
			}
			if fmt.Sprint(cfg.NextProtos) != fmt.Sprint(before.NextProtos) || (cfg.Dial == nil) != (before.Dial == nil) ||
				cfg.DisableCompression {
				t.Error("the caller's config was changed")
			}
		})
	}
}

// TestOwnTransport: the caller's transport is used as it is.
func TestOwnTransport(t *testing.T) {
	srv := newServer(t)
	var asked int
	client, err := watch.NewClient(&rest.Config{
		Host: srv.URL(),
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _ = client.Get().Resource("pods").Do(t.Context()); asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

// TestConnectionServesAgain: a watch that ended in good order leaves its
// connection to the next, and the pages of a list come over one.
func TestConnectionServesAgain(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*apiscript.Server)
		asked   int
	}{
		"watches": {func(*apiscript.Server) {}, 5},
		"pages":   {func(srv *apiscript.Server) { srv.RefuseStreamingLists(true) }, 10},
	} {
		for kind, opts := range map[string][]apiscript.Option{
			"http": nil, "tls": {apiscript.WithTLS()}, "json": {apiscript.WithTLS(), apiscript.WithJSONOnly()},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				srv := newServer(t, opts...)
				for i := range 10 {
					srv.Create(big(fmt.Sprintf("p%d", i)))
				}
				c.prepare(srv)
				cfg, w := watched(srv.Config())
				r := startAt(t, cfg, "", watch.Settings{PageSize: 2}, open())
				r.reached("1010")
				for i := range 4 {
					wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
					srv.EndStreams()
					r.restarted(watch.ReasonClosed, i+1)
				}
				wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
				watches := len(srv.Requests()) - len(lists(srv))
				made, asked := w.connections()
				// The lists that verify go over a second one, while a watch is open.
				if most := min(2, 1+len(lists(srv))); made > most || asked < c.asked || watches < 5 {
					t.Errorf("%d connections for %d requests, want %d at most for %d at least", made, asked, most, c.asked)
				}
			})
		}
	}
}

// TestManyStreams: the streams of many namespaces have a connection each.
func TestManyStreams(t *testing.T) {
	const namespaces = 40
	srv := newServer(t, apiscript.WithTLS())
	cfg, w := watched(srv.Config())
	client, err := watch.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan watch.Event)
	var running sync.WaitGroup
	for i := range namespaces {
		s := watch.New(watch.Settings{Client: client, Namespace: fmt.Sprintf("ns%d", i)})
		running.Go(func() { _ = s.Run(ctx, "1000", out) })
	}
	wait.Until(t, "all streams", func() bool { return srv.Streams() == namespaces })
	for i := range namespaces {
		srv.Create(pod(fmt.Sprintf("ns%d", i), "cart"))
		if ev := <-out; ev.Stream != fmt.Sprintf("ns%d", i) {
			t.Errorf("event %d is of stream %q", i, ev.Stream)
		}
	}
	if made, _ := w.connections(); made < namespaces {
		t.Errorf("%d connections for %d streams", made, namespaces)
	}
	cancel()
	running.Wait()
}
