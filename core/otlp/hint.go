package otlp

import "strings"

// Hints for the most common mistakes, whose errors only the authors of libraries
// understand.
const (
	wantsPlaintext = "the receiver speaks plaintext; if that is meant, begin the endpoint with http://"
	seemsToWantTLS = "the receiver seems to want TLS; begin the endpoint with https://"
	wantsTLS       = "the receiver wants TLS; begin the endpoint with https://"
	speaksHTTP     = "the receiver speaks OTLP over HTTP, usually on port 4318; " +
		"set the protocol to http/protobuf, or the endpoint to its port for gRPC, usually 4317"
	speaksGRPC = "the receiver seems to speak OTLP over gRPC, usually on port 4317; " +
		"set the protocol to grpc, or the endpoint to its port for HTTP, usually 4318"
)

// hintOn returns the most likely cause of a failed request with this text, "" if it is
// unknown.
func hintOn(text string) string {
	for _, h := range [...]struct{ part, hint string }{
		{"first record does not look like a TLS handshake", wantsPlaintext},
		{"server gave HTTP response to HTTPS client", wantsPlaintext},
		{"error reading server preface: EOF", seemsToWantTLS},
		{"error reading server preface: connection reset by peer", seemsToWantTLS}, // closed before it read our preface
		{"Client sent an HTTP request to an HTTPS server", wantsTLS},
		{"looked like an HTTP/1.1 header", speaksHTTP},
		{"malformed HTTP response", speaksGRPC},
		{"readLoopPeekFailLocked: %!w(<nil>)", speaksGRPC}, // its first frame came before our request
	} {
		if strings.Contains(text, h.part) {
			return h.hint
		}
	}
	return ""
}
