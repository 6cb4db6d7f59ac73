package otlp

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Lookup returns the value of an environment variable, like os.LookupEnv.
type Lookup func(name string) (value string, ok bool)

// envPrefix is that of the variables for all signals.
const envPrefix = "OTEL_EXPORTER_OTLP_"

// Names in errors for settings of [Config].
const (
	configEndpoint = "otlp.endpoint"
	configProtocol = "otlp.protocol"
)

// variable is a setting: its value and the name of its source.
type variable struct{ name, value string }

func (v variable) set() bool { return v.value != "" }

func (v variable) wrong(want string) error {
	return fmt.Errorf("%s is %q: %s", v.name, v.value, want)
}

// variables are the environment variables of a signal.
type variables struct {
	signal Signal
	lookup Lookup
}

// read returns the variable that ends with suffix: the one for the signal wins over
// the one for all signals. By the specification an empty one is as good as unset.
func (vs variables) read(suffix string) variable {
	for _, prefix := range [...]string{vs.signal.prefix(), envPrefix} {
		if value, ok := vs.lookup(prefix + suffix); ok && strings.TrimSpace(value) != "" {
			return variable{prefix + suffix, strings.TrimSpace(value)}
		}
	}
	return variable{name: envPrefix + suffix}
}

// SettingsFromEnv returns the settings for a signal from c, then from the standard
// variables of the signal, such as OTEL_EXPORTER_OTLP_LOGS_*, then from those for all
// signals, OTEL_EXPORTER_OTLP_*. They are enabled if c or one of the ENDPOINT
// variables names a receiver; otherwise no other variable is read.
//
// Certificates are read now. An error names the variable, its value unless that is a
// secret, and a right value.
//
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func SettingsFromEnv(signal Signal, c Config, lookup Lookup) (Settings, error) {
	vars := variables{signal, lookup}
	protocol, err := readProtocol(c, vars)
	endpoint := readEndpoint(c, vars)
	if c.Protocol == "" && !endpoint.set() {
		return Settings{}, nil
	}
	if err != nil || !endpoint.set() {
		return Settings{}, err
	}
	s := Settings{Signal: signal, Enabled: true, Protocol: protocol}.withDefaults()
	for _, read := range []func(*Settings, variables) error{readTimeout, readCompression, readHeaders} {
		if err := read(&s, vars); err != nil {
			return Settings{}, err
		}
	}
	if s.Endpoint, err = parseEndpoint(endpoint, protocol, vars); err != nil {
		return Settings{}, err
	}
	if s.Endpoint.Scheme == "https" {
		if s.TLS, err = readTLS(vars); err != nil {
			return Settings{}, err
		}
	}
	return s, nil
}

func readProtocol(c Config, vars variables) (Protocol, error) {
	v := variable{configProtocol, c.Protocol}
	if !v.set() {
		v = vars.read("PROTOCOL")
	}
	switch p := Protocol(v.value); p {
	case "":
		return GRPC, nil
	case GRPC, HTTP:
		return p, nil
	case "http/json":
		return "", v.wrong("JSON isn't spoken here; use http/protobuf, which every receiver for http/json takes too")
	}
	return "", v.wrong("want grpc or http/protobuf")
}

func readEndpoint(c Config, vars variables) variable {
	if c.Endpoint != "" {
		return variable{configEndpoint, c.Endpoint}
	}
	return vars.read("ENDPOINT")
}

func readTimeout(s *Settings, vars variables) error {
	v := vars.read("TIMEOUT")
	if !v.set() {
		return nil
	}
	const most = 24 * time.Hour
	ms, err := strconv.ParseInt(v.value, 10, 64)
	if err != nil || ms <= 0 || ms > most.Milliseconds() {
		return v.wrong("want a number of milliseconds, at least 1, such as 10000")
	}
	s.Timeout = time.Duration(ms) * time.Millisecond
	return nil
}

func readCompression(s *Settings, vars variables) error {
	v := vars.read("COMPRESSION")
	switch c := Compression(v.value); c {
	case "":
		return nil
	case Gzip, NoCompression:
		s.Compression = c
		return nil
	}
	return v.wrong("want gzip or none")
}

// readHeaders never shows a header in an error: headers contain tokens, and the name in
// a malformed entry may be a part of one.
func readHeaders(s *Settings, vars variables) error {
	v := vars.read("HEADERS")
	if !v.set() {
		return nil
	}
	s.Headers = make(map[string]string)
	for i, entry := range strings.Split(v.value, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		name, value, err := parseHeader(entry)
		if err != nil {
			return fmt.Errorf("%s, entry %d (not shown, it may be a secret): %w", v.name, i+1, err)
		}
		s.Headers[name] = value
	}
	return nil
}

func parseHeader(entry string) (name, value string, err error) {
	name, value, ok := strings.Cut(entry, "=")
	if !ok {
		return "", "", errors.New("want name=value, several separated by commas; a comma in a value is %2C")
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if !isHeaderName(name) {
		return "", "", errors.New("want a name of letters, digits, '-', '_' and '.', and a comma in a value as %2C")
	}
	if strings.HasPrefix(name, "grpc-") {
		return "", "", errors.New("want a name that doesn't begin with grpc-, which gRPC keeps for itself")
	}
	value, err = url.PathUnescape(strings.TrimSpace(value)) // unlike a query, a plus stays a plus
	if err != nil {
		return "", "", errors.New("want the value percent-encoded: a percent sign itself is %25")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", "", errors.New("want a value of printable ASCII")
	}
	return name, value, nil
}

// isHeaderName reports whether a lower-case name is allowed both in HTTP and as gRPC
// metadata.
func isHeaderName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
}
