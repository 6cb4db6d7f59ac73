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

// Protocol is how OTLP is spoken, by the names of OTEL_EXPORTER_OTLP_PROTOCOL.
type Protocol string

// The protocols that a [Sender] speaks.
const (
	GRPC Protocol = "grpc"
	HTTP Protocol = "http/protobuf"
)

// Config is what the user's own configuration says about the receiver. What is
// empty there is as the environment says.
type Config struct {
	Endpoint string // a URL, or host:port for gRPC with TLS
	Protocol string // grpc or http/protobuf
}

// Settings are all that a [Sender] has to know. The zero value of everything but
// Endpoint has a meaning, or a default that [NewSender] fills in.
type Settings struct {
	Enabled  bool     // whether there is a receiver at all
	Protocol Protocol // default: GRPC
	// Endpoint is where to send to: for HTTP the full URL; for gRPC one with
	// scheme http or https, of which only host and port count, or unix.
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

	// Spacing is how long after the beginning of a request the next one begins at
	// the earliest, unless it is large: records gather meanwhile. Default: 30 ms.
	Spacing time.Duration

	// Pauses between attempts grow from RetryInitial to RetryMax, 1 s and 30 s
	// by default, give or take half. A receiver that says when to come back
	// is heeded up to RetryHintMax, 5 min by default.
	RetryInitial, RetryMax, RetryHintMax time.Duration
}

// Compression is how requests are compressed.
type Compression string

// The compressions that OTLP receivers have to know.
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

// Target is the endpoint as it may be shown: without user, password and query.
func (s Settings) Target() string {
	if s.Endpoint == nil {
		return ""
	}
	shown := url.URL{Scheme: s.Endpoint.Scheme, Host: s.Endpoint.Host, Path: s.Endpoint.Path}
	return shown.String()
}

// headerNames are the names of the headers, sorted.
func (s Settings) headerNames() []string {
	names := make([]string, 0, len(s.Headers))
	for name := range s.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// String describes the settings without the values of headers.
func (s Settings) String() string {
	if !s.Enabled {
		return "off"
	}
	s = s.withDefaults()
	return fmt.Sprintf("%s %s (tls: %t, compression: %s, timeout: %s, headers: [%s])",
		s.Protocol, s.Target(), s.TLS != nil, s.Compression, s.Timeout, strings.Join(s.headerNames(), " "))
}

// GoString is String, so that %#v shows no secret either.
func (s Settings) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer]; like String it hides header values.
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
