package otlp_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// secured is a harness whose settings come from the environment, with TLS.
func secured(t *testing.T, o otlptest.Options, env ...string) *harness {
	t.Helper()
	h := newHarness(t, otlptest.New(t, o), o)
	c := otlp.Config{Endpoint: h.receiver.URL(), Protocol: string(h.settings.Protocol)}
	h.settings = settings(t, c, env...)
	h.settings.RetryInitial, h.settings.RetryMax = time.Millisecond, 5*time.Millisecond
	return h
}

func TestTLS(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		authority := otlptest.NewAuthority(t)
		o.TLS = authority.Server(t, false)
		h := secured(t, o, "OTEL_EXPORTER_OTLP_CERTIFICATE="+authority.WriteCA(t))
		h.start()
		h.commit("a", "b")
		h.drain()
		h.wantReceived("a", "b")
	})
}

func TestWrongAuthority(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		o.TLS = otlptest.NewAuthority(t).Server(t, false)
		h := secured(t, o, "OTEL_EXPORTER_OTLP_CERTIFICATE="+otlptest.NewAuthority(t).WriteCA(t))
		h.start()
		h.commit("a")
		wait.Until(t, "attempts", func() bool { return h.outcomes()[otlp.Retried] > 2 })
		h.stop()
		h.wantLogged("certificate signed by unknown authority", h.receiver.URL())
		if n := h.receiver.Attempts(); n != 0 {
			t.Errorf("%d requests came through", n)
		}
	})
}

func TestMutualTLS(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		authority, dir := otlptest.NewAuthority(t), t.TempDir()
		o.TLS = authority.Server(t, true)
		certFile, keyFile := authority.WriteClient(t, dir, "client")
		h := secured(t, o,
			"OTEL_EXPORTER_OTLP_CERTIFICATE="+authority.WriteCA(t),
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="+certFile,
			"OTEL_EXPORTER_OTLP_CLIENT_KEY="+keyFile)
		h.start()
		h.commit("a")
		h.drain()
		h.wantReceived("a")
	})
}

// TestClientCertificateIsRotated begins with a certificate that the receiver
// doesn't accept, and replaces the files while the sender runs.
func TestClientCertificateIsRotated(t *testing.T) {
	bothProtocols(t, func(t *testing.T, o otlptest.Options) {
		authority, dir := otlptest.NewAuthority(t), t.TempDir()
		o.TLS = authority.Server(t, true)
		certFile, keyFile := otlptest.NewAuthority(t).WriteClient(t, dir, "client of another authority")
		h := secured(t, o,
			"OTEL_EXPORTER_OTLP_CERTIFICATE="+authority.WriteCA(t),
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="+certFile,
			"OTEL_EXPORTER_OTLP_CLIENT_KEY="+keyFile)
		h.start()
		h.commit("a")
		wait.Until(t, "a refused handshake", func() bool { return h.outcomes()[otlp.Retried] > 0 })
		if err := os.Remove(keyFile); err != nil { // the middle of a rotation
			t.Fatal(err)
		}
		seen := h.outcomes()[otlp.Retried]
		wait.Until(t, "another handshake", func() bool { return h.outcomes()[otlp.Retried] > seen })
		authority.WriteClient(t, dir, "client")
		h.drain()
		h.wantReceived("a")
		if strings.Contains(h.log.String(), "no such file") {
			t.Errorf("the rotation broke handshakes:\n%s", h.log)
		}
	})
}
