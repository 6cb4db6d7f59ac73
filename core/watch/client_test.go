package watch_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

func TestNewClient(t *testing.T) {
	srv := newServer(t)
	var accept, agent string
	cfg := srv.Config()
	cfg.UserAgent = "pod-status-logger/test"
	cfg.Timeout = time.Nanosecond // would fail every request
	cfg.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			accept, agent = r.Header.Get("Accept"), r.UserAgent()
			return rt.RoundTrip(r)
		})
	})
	client, err := watch.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Get().Resource("pods").Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	if agent != cfg.UserAgent {
		t.Errorf("User-Agent %q, want %q", agent, cfg.UserAgent)
	}
	if !strings.HasPrefix(accept, "application/vnd.kubernetes.protobuf,") ||
		!strings.Contains(accept, "application/json") {
		t.Errorf("Accept %q, want protobuf before JSON", accept)
	}
	if client.GetRateLimiter() != nil {
		t.Error("the client limits its rate")
	}
	if cfg.Timeout != time.Nanosecond || cfg.GroupVersion != nil {
		t.Error("the caller's config was changed")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewClientRefusesBadConfig(t *testing.T) {
	_, err := watch.NewClient(&rest.Config{Host: "http://a b"})
	if err == nil || !strings.HasPrefix(err.Error(), "create API client: ") {
		t.Errorf("got error %v", err)
	}
}
