package otlp_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
)

// environment is "NAME=value" lines, for otlp.Lookup.
func environment(lines ...string) otlp.Lookup {
	return func(name string) (string, bool) {
		for _, line := range lines {
			if n, value, _ := strings.Cut(line, "="); n == name {
				return value, true
			}
		}
		return "", false
	}
}

func settings(t *testing.T, c otlp.Config, env ...string) otlp.Settings {
	t.Helper()
	s, err := otlp.SettingsFromEnv(otlp.Logs, c, environment(env...))
	if err != nil {
		t.Fatalf("settings from %q: %v", env, err)
	}
	return s
}

// TestEndpoint checks the URL and the use of TLS for each way to write an endpoint.
func TestEndpoint(t *testing.T) {
	const (
		generic  = "OTEL_EXPORTER_OTLP_ENDPOINT="
		signal   = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="
		insecure = "OTEL_EXPORTER_OTLP_INSECURE="
		http     = "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
	)
	for name, c := range map[string]struct {
		config otlp.Config
		env    []string
		want   string // Target; ends with "!" for TLS
	}{
		"nothing":                       {want: "off"},
		"no endpoint":                   {env: []string{http, insecure + "true"}, want: "off"},
		"no endpoint, configured":       {config: otlp.Config{Protocol: "http/protobuf"}, want: "off"},
		"empty is unset":                {env: []string{generic, signal + " "}, want: "off"},
		"grpc http":                     {env: []string{generic + "http://c:4317"}, want: "grpc http://c:4317"},
		"grpc http slash":               {env: []string{generic + "http://c:4317/"}, want: "grpc http://c:4317"},
		"grpc https":                    {env: []string{generic + "https://c:4317"}, want: "grpc https://c:4317!"},
		"grpc https, default port":      {env: []string{generic + "https://c"}, want: "grpc https://c:443!"},
		"grpc http, default port, IPv6": {env: []string{generic + "http://[::1]"}, want: "grpc http://[::1]:80"},
		"grpc host:port":                {env: []string{generic + "c:4317"}, want: "grpc https://c:4317!"},
		"grpc IP:port":                  {env: []string{generic + "10.0.0.1:4317"}, want: "grpc https://10.0.0.1:4317!"},
		"grpc host:port insecure":       {env: []string{generic + "c:4317", insecure + "TRUE"}, want: "grpc http://c:4317"},
		"grpc host:port secure": {
			env: []string{generic + "c:4317", insecure + "false"}, want: "grpc https://c:4317!",
		},
		"insecure for logs wins": {env: []string{
			generic + "c:4317", insecure + "true", "OTEL_EXPORTER_OTLP_LOGS_INSECURE=false",
		}, want: "grpc https://c:4317!"},
		"scheme wins over insecure": {
			env: []string{generic + "https://c:4317", insecure + "true"}, want: "grpc https://c:4317!",
		},
		"grpc unix": {
			env: []string{generic + "unix:///run/otel.sock"}, want: "grpc unix:///run/otel.sock",
		},
		"http": {
			env: []string{http, generic + "http://c:4318"}, want: "http/protobuf http://c:4318/v1/logs",
		},
		"http base path": {
			env: []string{http, generic + "https://c/otlp/"}, want: "http/protobuf https://c/otlp/v1/logs!",
		},
		"http for logs": {
			env: []string{http, signal + "http://c:4318"}, want: "http/protobuf http://c:4318/",
		},
		"http for logs, path": {
			env: []string{http, signal + "http://c/insert/logs"}, want: "http/protobuf http://c/insert/logs",
		},
		"logs win": {
			env: []string{generic + "http://a:1", signal + "http://b:2"}, want: "grpc http://b:2",
		},
		"protocol for logs wins": {env: []string{
			http, generic + "http://c:1", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=grpc",
		}, want: "grpc http://c:1"},
		"config wins": {
			config: otlp.Config{Endpoint: "http://x:1", Protocol: "http/protobuf"},
			env:    []string{signal + "http://b:2", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=grpc"},
			want:   "http/protobuf http://x:1/v1/logs",
		},
		"config with path": {
			config: otlp.Config{Endpoint: "http://x:1/a/b", Protocol: "http/protobuf"}, want: "http/protobuf http://x:1/a/b",
		},
		"config endpoint, env's protocol": {
			config: otlp.Config{Endpoint: "http://x:1/"}, env: []string{http}, want: "http/protobuf http://x:1/v1/logs",
		},
		"secrets aren't shown": {
			env: []string{http, generic + "http://user:pass@c:4318?token=t"}, want: "http/protobuf http://c:4318/v1/logs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(t, c.config, c.env...)
			got := "off"
			if s.Enabled {
				got = string(s.Protocol) + " " + s.Target()
			}
			if s.TLS != nil {
				got += "!"
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestHTTPEndpointKeepsCredentials(t *testing.T) {
	s := settings(t, otlp.Config{Endpoint: "http://u:p@c:1?k=v", Protocol: "http/protobuf"})
	if got, want := s.Endpoint.String(), "http://u:p@c:1/v1/logs?k=v"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOtherVariables(t *testing.T) {
	on := "OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317"
	s := settings(t, otlp.Config{}, on)
	if s.Timeout != 10*time.Second || s.Compression != otlp.NoCompression || len(s.Headers) != 0 {
		t.Errorf("defaults are %v", s)
	}
	s = settings(t, otlp.Config{}, on,
		"OTEL_EXPORTER_OTLP_TIMEOUT=1", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT=2500",
		"OTEL_EXPORTER_OTLP_COMPRESSION=none", "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION=gzip",
		"OTEL_EXPORTER_OTLP_HEADERS=lost=1",
		"OTEL_EXPORTER_OTLP_LOGS_HEADERS= Authorization = Bearer%20a%2Cb+c== ,X-Scope-OrgID=7,,empty=")
	if s.Timeout != 2500*time.Millisecond || s.Compression != otlp.Gzip {
		t.Errorf("got %v", s)
	}
	want := map[string]string{"authorization": "Bearer a,b+c==", "x-scope-orgid": "7", "empty": ""}
	if diff := cmp.Diff(want, s.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	s := settings(t, otlp.Config{}, "OTEL_EXPORTER_OTLP_ENDPOINT=http://user:s3cret@c:4318/?t=s3cret",
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_HEADERS=authorization=s3cret")
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "settings", s)
	off := otlp.Settings{}
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "settings", off)
	for _, shown := range []string{logged.String(), s.String(), fmt.Sprintf("%v %+v %#v %s", s, s, s, s)} {
		if strings.Contains(shown, "s3cret") {
			t.Errorf("shows the secret: %s", shown)
		}
		if !strings.Contains(shown, "authorization") || !strings.Contains(shown, "http://c:4318/v1/logs") {
			t.Errorf("doesn't show what it could: %s", shown)
		}
	}
	if off.String() != "off" || off.Target() != "" {
		t.Errorf("without a receiver it shows %q %q", off.String(), off.Target())
	}
}

// TestBadValues: each error names the variable, the value, and what would be right.
func TestBadValues(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := otlptest.NewAuthority(t).WriteClient(t, dir, "client")

	const (
		tls  = "ENDPOINT=https://c:4317"
		http = "PROTOCOL=http/protobuf"
	)
	for name, c := range map[string]struct {
		config otlp.Config
		env    []string // without OTEL_EXPORTER_OTLP_
		want   []string // parts of the error
		secret string
	}{
		"json": {
			env:  []string{tls, "PROTOCOL=http/json"},
			want: []string{"OTEL_EXPORTER_OTLP_PROTOCOL", `"http/json"`, "use http/protobuf"},
		},
		"protocol": {
			env:  []string{tls, "LOGS_PROTOCOL=htp"},
			want: []string{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", `"htp"`, "grpc or http/protobuf"},
		},
		"config protocol": {
			config: otlp.Config{Protocol: "GRPC"}, want: []string{"otlp.protocol", `"GRPC"`, "grpc or http/protobuf"},
		},
		"config endpoint": {
			config: otlp.Config{Endpoint: "c"}, want: []string{"otlp.endpoint", `"c"`, "collector:4317"},
		},
		"no port": {
			env: []string{"ENDPOINT=c"}, want: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", `"c"`, "host:port"},
		},
		"bad port":        {env: []string{"ENDPOINT=c:99999"}, want: []string{`"c:99999"`, "host:port"}},
		"port 0":          {env: []string{"ENDPOINT=http://c:0"}, want: []string{`"http://c:0"`, "1 to 65535"}},
		"empty port":      {env: []string{"ENDPOINT=http://c:"}, want: []string{`"http://c:"`, "1 to 65535"}},
		"path, no scheme": {env: []string{"ENDPOINT=c:4317/path"}, want: []string{"host:port"}},
		"no host":         {env: []string{"ENDPOINT=http://:4317"}, want: []string{`"http://:4317"`, "a host"}},
		"other scheme": {
			env: []string{"LOGS_ENDPOINT=ftp://c"}, want: []string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", `"ftp://c"`, "http"},
		},
		"no URL":              {env: []string{"ENDPOINT=http://c:x"}, want: []string{`"http://c:x"`, "want a URL"}},
		"http without scheme": {env: []string{http, "ENDPOINT=c:4318"}, want: []string{`"c:4318"`, "http://collector:4318"}},
		"grpc with path":      {env: []string{"ENDPOINT=http://c:4318/v1/logs"}, want: []string{"http/protobuf"}},
		"grpc with user": {
			env: []string{"ENDPOINT=http://u:s3cret@c:4318"}, want: []string{`"http://c:4318"`, "OTEL_EXPORTER_OTLP_HEADERS"},
			secret: "s3cret",
		},
		"grpc with query": {
			env: []string{"ENDPOINT=http://c:4318?token=s3cret"}, want: []string{`"http://c:4318"`, "query"}, secret: "s3cret",
		},
		"bad URL with user": {
			env: []string{"ENDPOINT=http://u:s3cr?s3cret@c:x"}, want: []string{`"http://c:x"`}, secret: "s3cr",
		},
		"no scheme, with user": {env: []string{"ENDPOINT=u:s3cret@c:1"}, want: []string{`"c:1"`}, secret: "s3cret"},
		"unix over http":       {env: []string{http, "ENDPOINT=unix:///a"}, want: []string{"gRPC only"}},
		"unix with host":       {env: []string{"ENDPOINT=unix://a/b"}, want: []string{`"unix://a/b"`, "absolute path"}},
		"insecure": {
			env:  []string{"ENDPOINT=c:1", "INSECURE=yes"},
			want: []string{"OTEL_EXPORTER_OTLP_INSECURE", `"yes"`, "true or false"},
		},
		"timeout": {
			env: []string{tls, "TIMEOUT=10s"}, want: []string{"OTEL_EXPORTER_OTLP_TIMEOUT", `"10s"`, "milliseconds"},
		},
		"timeout 0": {
			env: []string{tls, "LOGS_TIMEOUT=0"}, want: []string{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", `"0"`, "milliseconds"},
		},
		"timeout overflows": {env: []string{tls, "TIMEOUT=9223372036854775807"}, want: []string{"milliseconds"}},
		"compression": {
			env: []string{tls, "COMPRESSION=zstd"}, want: []string{"OTEL_EXPORTER_OTLP_COMPRESSION", `"zstd"`, "gzip or none"},
		},
		"header without =": {
			env:  []string{tls, "HEADERS=a=b,s3cret"},
			want: []string{"OTEL_EXPORTER_OTLP_HEADERS", "entry 2", "name=value", "%2C"}, secret: "s3cret",
		},
		"header name": {
			env: []string{tls, "HEADERS=s3 cret=x"}, want: []string{"entry 1", "name"}, secret: "s3 cret",
		},
		"header grpc": {
			env: []string{tls, "HEADERS=grpc-timeout=s3cret"}, want: []string{"grpc-"}, secret: "s3cret",
		},
		"header escape": {env: []string{tls, "HEADERS=a=s3cret%zz"}, want: []string{"%25"}, secret: "s3cret"},
		"header line break": {
			env: []string{tls, "HEADERS=a=s3cret%0d%0ab"}, want: []string{"printable"}, secret: "s3cret",
		},
		"CA missing": {
			env: []string{tls, "CERTIFICATE=/none.pem"}, want: []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/none.pem", "PEM"},
		},
		"CA junk": {
			env:  []string{tls, "LOGS_CERTIFICATE=" + junk},
			want: []string{"OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", junk, "there is none"},
		},
		"certificate alone": {
			env:  []string{tls, "CLIENT_CERTIFICATE=" + certFile},
			want: []string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is set", "OTEL_EXPORTER_OTLP_CLIENT_KEY is not"},
		},
		"key alone": {
			env:  []string{tls, "CLIENT_KEY=" + keyFile},
			want: []string{"OTEL_EXPORTER_OTLP_CLIENT_KEY is set", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is not"},
		},
		"key junk": {
			env:  []string{tls, "CLIENT_CERTIFICATE=" + certFile, "CLIENT_KEY=" + junk},
			want: []string{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "PEM"},
		},
		"key missing": {
			env:  []string{tls, "CLIENT_CERTIFICATE=" + certFile, "CLIENT_KEY=/none.pem"},
			want: []string{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/none.pem"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.env {
				c.env[i] = "OTEL_EXPORTER_OTLP_" + c.env[i]
			}
			s, err := otlp.SettingsFromEnv(otlp.Logs, c.config, environment(c.env...))
			if err == nil {
				t.Fatalf("accepted, as %v", s)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q: %v", part, err)
				}
			}
			if c.secret != "" && strings.Contains(err.Error(), c.secret) {
				t.Errorf("the error shows a secret: %v", err)
			}
			if s.Enabled {
				t.Error("settings are enabled all the same")
			}
		})
	}
}

func FuzzSettingsFromEnv(f *testing.F) {
	f.Add("http://c:4317", "grpc", "a=b")
	f.Add("c:4318", "http/protobuf", "a=%20,b")
	f.Add("unix:///x", "", "")
	f.Fuzz(func(t *testing.T, endpoint, protocol, headers string) {
		s, err := otlp.SettingsFromEnv(otlp.Logs, otlp.Config{}, func(name string) (string, bool) {
			switch name {
			case "OTEL_EXPORTER_OTLP_ENDPOINT":
				return endpoint, true
			case "OTEL_EXPORTER_OTLP_PROTOCOL":
				return protocol, true
			case "OTEL_EXPORTER_OTLP_HEADERS":
				return headers, true
			}
			return "", false
		})
		if err == nil && s.Enabled && s.Target() == "" {
			t.Errorf("enabled without a target: %v", s)
		}
	})
}
