package otlp

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Protocol is the transport of OTLP, as OTEL_EXPORTER_OTLP_PROTOCOL names it.
type Protocol string

// The protocols of a [Sender].
const (
	GRPC Protocol = "grpc"
	HTTP Protocol = "http/protobuf"
)

// Config is the receiver in the user's own configuration. Empty fields are read from the environment.
type Config struct {
	Endpoint string // a URL, or host:port for gRPC with TLS
	Protocol string // grpc or http/protobuf
}

// Settings are the settings of a [Sender]. The zero value of every field except
// Endpoint has a meaning, or a default that [NewSender] fills in.
type Settings struct {
	Enabled  bool     // whether there is a receiver at all
	Signal   Signal   // of the records, which are spans for Traces; default: Logs
	Protocol Protocol // default: GRPC
	// Endpoint is the receiver's URL: for HTTP with the path; for gRPC one with
	// scheme http or https, of which only host and port are used, or unix.
	Endpoint    *url.URL
	TLS         *tls.Config       // nil: plaintext
	Headers     map[string]string // with every request; the values are secrets
	Compression Compression       // default: none
	Timeout     time.Duration     // of one request; default: 10 s
	UserAgent   string            // default: pod-status-logger

	// A request is smaller than MaxBytes before compression, unless a single
	// record is not, and has at most MaxRecords. Defaults: 3 MiB, as most
	// receivers refuse more than 4 MiB, and 2048.
	MaxBytes, MaxRecords int

	// Spacing is the least time between the beginnings of two requests, unless the
	// second is large: records gather meanwhile. Default: 30 ms.
	Spacing time.Duration

	// Pauses between attempts grow from RetryInitial to RetryMax, 1 s and 30 s
	// by default, give or take half. A pause that the receiver asks for is at most
	// RetryHintMax, 5 min by default.
	RetryInitial, RetryMax, RetryHintMax time.Duration
}

// Compression is how requests are compressed.
type Compression string

// The compressions that OTLP receivers have to support.
const (
	NoCompression Compression = "none"
	Gzip          Compression = "gzip"
)

// Defaults of [Settings].
const (
	defaultTimeout      = 10 * time.Second
	defaultUserAgent    = "pod-status-logger"
	defaultMaxBytes     = 3 << 20
	defaultMaxRecords   = 2048
	defaultSpacing      = 30 * time.Millisecond
	defaultRetryInitial = time.Second
	defaultRetryMax     = 30 * time.Second
	defaultRetryHintMax = 5 * time.Minute
)

func (s Settings) withDefaults() Settings {
	s.Signal = or(s.Signal, Logs)
	s.Protocol = or(s.Protocol, GRPC)
	s.Compression = or(s.Compression, NoCompression)
	s.Timeout = or(s.Timeout, defaultTimeout)
	s.UserAgent = or(s.UserAgent, defaultUserAgent)
	s.MaxBytes = or(s.MaxBytes, defaultMaxBytes)
	s.MaxRecords = or(s.MaxRecords, defaultMaxRecords)
	s.Spacing = or(s.Spacing, defaultSpacing)
	s.RetryInitial = or(s.RetryInitial, defaultRetryInitial)
	s.RetryMax = or(s.RetryMax, defaultRetryMax)
	s.RetryHintMax = or(s.RetryHintMax, defaultRetryHintMax)
	return s
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Target returns the endpoint without secrets: user, password and query.
func (s Settings) Target() string {
	if s.Endpoint == nil {
		return ""
	}
	shown := url.URL{Scheme: s.Endpoint.Scheme, Host: s.Endpoint.Host, Path: s.Endpoint.Path}
	return shown.String()
}

// headerNames returns the names of the headers, sorted.
func (s Settings) headerNames() []string {
	names := make([]string, 0, len(s.Headers))
	for name := range s.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// String returns the settings without the values of headers.
func (s Settings) String() string {
	if !s.Enabled {
		return "off"
	}
	s = s.withDefaults()
	return fmt.Sprintf("%s %s (tls: %t, compression: %s, timeout: %s, headers: [%s])",
		s.Protocol, s.Target(), s.TLS != nil, s.Compression, s.Timeout, strings.Join(s.headerNames(), " "))
}

// GoString returns String, so that %#v shows no secret either.
func (s Settings) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer]. Like String it hides the values of headers.
func (s Settings) LogValue() slog.Value {
	if !s.Enabled {
		return slog.GroupValue(slog.Bool("enabled", false))
	}
	s = s.withDefaults()
	return slog.GroupValue(
		slog.Bool("enabled", true),
		slog.String("endpoint", s.Target()),
		slog.String("protocol", string(s.Protocol)),
		slog.Bool("tls", s.TLS != nil),
		slog.String("compression", string(s.Compression)),
		slog.Duration("timeout", s.Timeout),
		slog.Any("headers", s.headerNames()),
	)
}
