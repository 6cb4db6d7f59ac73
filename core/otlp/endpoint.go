package otlp

import (
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// parseEndpoint returns the endpoint as a complete URL: with the scheme https if TLS is
// used, and for HTTP with the path to post to.
func parseEndpoint(v variable, protocol Protocol, vars variables) (*url.URL, error) {
	shown := variable{v.name, redact(v.value)}
	if !strings.Contains(v.value, "://") {
		if protocol == HTTP {
			return nil, shown.wrong("want a URL such as http://collector:4318 for http/protobuf")
		}
		return schemeless(v.value, shown, vars)
	}
	u, err := url.Parse(v.value)
	if err != nil {
		return nil, shown.wrong("want a URL such as http://collector:4317")
	}
	switch {
	case u.Scheme == "unix":
		return unixEndpoint(u, shown, protocol)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, shown.wrong("want a URL with scheme http (plaintext) or https, or unix with gRPC")
	case !validHost(u):
		return nil, shown.wrong("want a URL with a host and, if any, a port from 1 to 65535, " +
			"such as http://collector:4317")
	case protocol == HTTP:
		return httpEndpoint(u, shown, vars.signal)
	}
	return grpcEndpoint(u, shown)
}

// schemeless parses an endpoint as gRPC writes it. TLS is on unless it is switched off.
func schemeless(hostport string, shown variable, vars variables) (*url.URL, error) {
	u := &url.URL{Scheme: "https", Host: hostport}
	if _, _, err := net.SplitHostPort(hostport); err != nil || !validHost(u) {
		return nil, shown.wrong("want host:port or a URL, " +
			"such as collector:4317 (TLS) or http://collector:4317 (plaintext)")
	}
	insecure := vars.read("INSECURE")
	switch strings.ToLower(insecure.value) {
	case "", "false":
	case "true":
		u.Scheme = "http"
	default:
		return nil, insecure.wrong("want true or false")
	}
	return u, nil
}

func unixEndpoint(u *url.URL, shown variable, protocol Protocol) (*url.URL, error) {
	if protocol != GRPC {
		return nil, shown.wrong("sockets are for gRPC only; want a URL with scheme http or https")
	}
	if u.Host != "" || !path.IsAbs(u.Path) {
		return nil, shown.wrong("want an absolute path, such as unix:///run/otel.sock")
	}
	return u, nil
}

// httpEndpoint appends the path of the signal to an endpoint for all signals, and to a
// configured one without a path. A configured one with a path is for logs.
func httpEndpoint(u *url.URL, shown variable, signal Signal) (*url.URL, error) {
	bare := u.Path == "" || u.Path == "/"
	configured := shown.name == configEndpoint
	if configured && !bare && signal != Logs {
		return nil, shown.wrong("its path is the one for records; name the endpoint for " + string(signal) +
			" in " + signal.prefix() + "ENDPOINT")
	}
	if shown.name == envPrefix+"ENDPOINT" || configured && bare {
		return signal.at(u), nil
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

func grpcEndpoint(u *url.URL, shown variable) (*url.URL, error) {
	if u.Path != "" && u.Path != "/" {
		return nil, shown.wrong("a gRPC endpoint has no path; " +
			"if this is one for HTTP, the protocol has to be http/protobuf")
	}
	if u.User != nil || u.RawQuery != "" {
		return nil, shown.wrong("a gRPC endpoint has neither user nor query; " +
			"give credentials in OTEL_EXPORTER_OTLP_HEADERS")
	}
	u.Path = ""
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	return u, nil
}

func validHost(u *url.URL) bool {
	if u.Hostname() == "" || strings.ContainsAny(u.Host, "/?#@ ") {
		return false
	}
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// redact removes possible secrets from an endpoint, even from a malformed one: user,
// password and query.
func redact(endpoint string) string {
	scheme, rest, ok := strings.Cut(endpoint, "://")
	if !ok {
		scheme, rest = "", endpoint
	} else {
		scheme += "://"
	}
	rest = rest[strings.LastIndex(rest, "@")+1:]
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + rest
}
