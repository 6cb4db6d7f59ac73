package telemetry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// serve starts a server on a free port. The test's end checks that Close ends it.
func serve(t *testing.T, s telemetry.Settings) *telemetry.Server {
	t.Helper()
	server, err := telemetry.Listen(t.Context(), onFreePort(s))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- server.Serve() }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return server
}

// onFreePort fills in what every server needs.
func onFreePort(s telemetry.Settings) telemetry.Settings {
	s.Address, s.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	if s.Metrics == nil {
		s.Metrics = prometheus.NewRegistry()
	}
	return s
}

// ask sends a request and returns the response with its body read.
func ask(t *testing.T, server *telemetry.Server, method, path string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+server.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestServer(t *testing.T) {
	well := telemetry.Check{Name: "journal", Failure: func() error { return nil }}
	blocked := telemetry.Check{
		Name: "records", Failure: func() error { return errors.New("records can't be written for 12s") },
	}
	unsynced := telemetry.Check{
		Name: "watch", Failure: func() error { return errors.New("watch of all namespaces: pods are not listed yet") },
	}
	for name, test := range map[string]struct {
		checks       telemetry.Checks
		method, path string
		status       int
		body         string
	}{
		"alive":            {nil, http.MethodGet, "/livez", http.StatusOK, "ok\n"},
		"alive, not ready": {telemetry.Checks{blocked}, http.MethodGet, "/livez", http.StatusOK, "ok\n"},
		"ready, no checks": {nil, http.MethodGet, "/readyz", http.StatusOK, "ok\n"},
		"ready":            {telemetry.Checks{well, well}, http.MethodGet, "/readyz", http.StatusOK, "ok\n"},
		"ready, head":      {telemetry.Checks{well}, http.MethodHead, "/readyz", http.StatusOK, ""},
		"not ready, head":  {telemetry.Checks{blocked}, http.MethodHead, "/readyz", http.StatusServiceUnavailable, ""},
		"not ready": {
			telemetry.Checks{well, blocked},
			http.MethodGet, "/readyz", http.StatusServiceUnavailable,
			"records can't be written for 12s\n",
		},
		"not ready, twice": {
			telemetry.Checks{unsynced, well, blocked},
			http.MethodGet, "/readyz", http.StatusServiceUnavailable,
			"watch of all namespaces: pods are not listed yet\nrecords can't be written for 12s\n",
		},
		"verbose": {
			telemetry.Checks{well}, http.MethodGet, "/readyz?verbose", http.StatusOK, "[+]journal ok\nreadyz check passed\n",
		},
		"verbose, not ready": {
			telemetry.Checks{well, blocked},
			http.MethodGet, "/readyz?verbose=1", http.StatusServiceUnavailable,
			"[+]journal ok\n[-]records failed: records can't be written for 12s\nreadyz check failed\n",
		},
		"verbose, alive": {
			telemetry.Checks{blocked}, http.MethodGet, "/livez?verbose", http.StatusOK, "livez check passed\n",
		},
		"wrong method":       {nil, http.MethodPost, "/readyz", http.StatusMethodNotAllowed, "Method Not Allowed\n"},
		"wrong method, page": {nil, http.MethodDelete, "/metrics", http.StatusMethodNotAllowed, "Method Not Allowed\n"},
		"wrong path":         {nil, http.MethodGet, "/healthz", http.StatusNotFound, "404 page not found\n"},
		"path below":         {nil, http.MethodGet, "/livez/x", http.StatusNotFound, "404 page not found\n"},
		"root":               {nil, http.MethodGet, "/", http.StatusNotFound, "404 page not found\n"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, telemetry.Settings{Checks: test.checks})
			response, body := ask(t, server, test.method, test.path)
			if response.StatusCode != test.status || body != test.body {
				t.Errorf("got %d %q, want %d %q", response.StatusCode, body, test.status, test.body)
			}
			if got := response.Header.Get("Content-Type"); body != "" && got != "text/plain; charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
		})
	}
}

// Answers to probes are not cached.
func TestProbesAreNotCached(t *testing.T) {
	server := serve(t, telemetry.Settings{})
	for _, path := range []string{"/livez", "/readyz", "/readyz?verbose"} {
		response, _ := ask(t, server, http.MethodGet, path)
		if got := response.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q, want no-store", path, got)
		}
	}
}

// TestProfiles: profiles are served on demand, and the default mux, on which net/http/pprof registers itself, is
// never served. The command line, which may contain secrets, isn't either.
func TestProfiles(t *testing.T) {
	for _, path := range []string{
		"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile?seconds=1", "/debug/pprof/symbol",
		"/debug/pprof/trace?seconds=0.1",
	} {
		if response, _ := ask(t, serve(t, telemetry.Settings{}), http.MethodGet,
			path); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s without being asked for: status %d", path, response.StatusCode)
		}
		if response, body := ask(t, serve(t, telemetry.Settings{Pprof: true}), http.MethodGet,
			path); response.StatusCode != http.StatusOK || body == "" {
			t.Errorf("%s: status %d, %q", path, response.StatusCode, body)
		}
	}
	if response, body := ask(t, serve(t, telemetry.Settings{Pprof: true}), http.MethodGet,
		"/debug/pprof/cmdline"); response.StatusCode != http.StatusNotFound {
		t.Errorf("the command line: status %d, %q", response.StatusCode, body)
	}
}

// Readiness is asked anew with each request.
func TestReadinessReturns(t *testing.T) {
	var notReady error
	server := serve(t,
		telemetry.Settings{Checks: telemetry.Checks{{Name: "records", Failure: func() error { return notReady }}}})
	for _, test := range []struct {
		err    error
		status int
	}{
		{nil, http.StatusOK},
		{errors.New("the journal is full"), http.StatusServiceUnavailable},
		{nil, http.StatusOK},
	} {
		notReady = test.err
		if response, body := ask(t, server, http.MethodGet, "/readyz"); response.StatusCode != test.status {
			t.Errorf("with %v: got %d %q, want %d", test.err, response.StatusCode, body, test.status)
		}
	}
}

func TestServerShowsMetrics(t *testing.T) {
	m := wired()
	server := serve(t, telemetry.Settings{Metrics: m.Registry})
	m.StdoutWriteErrors.Inc()
	response, body := ask(t, server, http.MethodGet, "/metrics")
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("Content-Type %q", got)
	}
	for _, want := range []string{
		"# TYPE pod_status_logger_stdout_write_errors_total counter\npod_status_logger_stdout_write_errors_total 1\n",
		"\npod_status_logger_build_info{version=\"1.2.3\"} 1\n",
		"\ngo_goroutines ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %q", want)
		}
	}
}

// Prometheus asks for OpenMetrics; other clients get the plain format.
func TestServerNegotiates(t *testing.T) {
	server := serve(t, telemetry.Settings{Metrics: wired().Registry})
	for accept, want := range map[string]string{
		"": "text/plain; version=0.0.4; charset=utf-8",
		"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2": "application/openmetrics-text; " +
			"version=1.0.0; charset=utf-8",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Addr().String()+"/metrics",
			nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", accept)
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q: Content-Type %q, want %q", accept, got, want)
		}
		if want := accept != ""; strings.HasSuffix(string(page), "# EOF\n") != want {
			t.Errorf("Accept %q: ends with EOF: %t", accept, !want)
		}
	}
}

// broken is a collector whose metric is invalid.
type broken struct{ desc *prometheus.Desc }

func (b broken) Describe(ch chan<- *prometheus.Desc) { ch <- b.desc }

func (b broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(b.desc, errors.New("collector broke"))
}

func TestServerTellsThatMetricsFail(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(broken{prometheus.NewDesc("broken", "Broken.", nil, nil)})
	response, body := ask(t, serve(t, telemetry.Settings{Metrics: registry}), http.MethodGet, "/metrics")
	if response.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "collector broke") {
		t.Errorf("got %d %q", response.StatusCode, body)
	}
}

func TestListenSaysWhichAddress(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, test := range map[string]struct{ address, want string }{
		"in use":      {taken.Addr().String(), taken.Addr().String()},
		"no port":     {"127.0.0.1", "127.0.0.1"},
		"no address":  {"192.0.2.1:9464", "192.0.2.1:9464"},
		"no such one": {"127.0.0.1:no-such-port", "no-such-port"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := telemetry.Listen(t.Context(), telemetry.Settings{Address: test.address})
			if err == nil {
				_ = server.Close()
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), "listen for metrics and health: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %s in it", err, test.want)
			}
		})
	}
}

// Close gives the address back, whether Serve was called or not.
func TestCloseBeforeServe(t *testing.T) {
	settings := onFreePort(telemetry.Settings{})
	first, err := telemetry.Listen(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	settings.Address = first.Addr().String()
	second, err := telemetry.Listen(t.Context(), settings)
	if err != nil {
		t.Fatalf("the address is not free: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if err := second.Serve(); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}

// Close waits for nobody, and no request outlives it.
func TestCloseEndsRequests(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "slow"}, func() float64 {
		close(asked)
		<-release
		return 0
	}))
	server, err := telemetry.Listen(t.Context(), onFreePort(telemetry.Settings{Metrics: registry}))
	if err != nil {
		t.Fatal(err)
	}
	served, answered := make(chan error), make(chan error)
	go func() { served <- server.Serve() }()
	go func() {
		request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet,
			"http://"+server.Addr().String()+"/metrics", nil)
		if err != nil {
			answered <- err
			return
		}
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		answered <- err
	}()
	<-asked
	if err := server.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if err := <-answered; err == nil {
		t.Error("the request was answered after Close")
	}
	close(release)
}
