package otlp_test

import (
	"net/url"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestHints: when the endpoint is of another kind than configured, the log has a hint at
// the necessary change.
func TestHints(t *testing.T) {
	tls := otlptest.NewAuthority(t).Server(t, false)
	for name, c := range map[string]struct {
		receiver         otlptest.Options
		scheme, protocol string
		want             string
	}{
		"TLS to plaintext, gRPC": {otlptest.Options{}, "https", "grpc", "begin the endpoint with http://"},
		"TLS to plaintext, HTTP": {otlptest.Options{HTTP: true}, "https", "http/protobuf", "begin the endpoint with http://"},
		"plaintext to TLS, gRPC": {otlptest.Options{TLS: tls}, "http", "grpc", "begin the endpoint with https://"},
		"plaintext to TLS, HTTP": {
			otlptest.Options{TLS: tls, HTTP: true}, "http", "http/protobuf", "begin the endpoint with https://",
		},
		"gRPC to HTTP": {otlptest.Options{HTTP: true}, "http", "grpc", "set the protocol to http/protobuf"},
		"HTTP to gRPC": {otlptest.Options{}, "http", "http/protobuf", "set the protocol to grpc"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, otlptest.New(t, c.receiver), c.receiver)
			u, err := url.Parse(h.receiver.URL())
			if err != nil {
				t.Fatal(err)
			}
			u.Scheme = c.scheme
			h.settings = settings(t, otlp.Config{Endpoint: u.String(), Protocol: c.protocol})
			h.start()
			h.commit("a")
			wait.Until(t, "an attempt", func() bool { return h.outcomes()[otlp.Retried] > 0 })
			h.stop()
			h.wantLogged(c.want)
		})
	}
}
