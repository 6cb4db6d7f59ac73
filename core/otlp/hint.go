package otlp

import "strings"

// hints are for what people get wrong first, and libraries tell in a way that only
// their authors understand: part of their text, and what it most likely means.
var hints = []struct{ text, hint string }{
	{"first record does not look like a TLS handshake", "the receiver speaks plaintext; if that is meant, begin the endpoint with http://"},
	{"server gave HTTP response to HTTPS client", "the receiver speaks plaintext; if that is meant, begin the endpoint with http://"},
	{"error reading server preface: EOF", "the receiver seems to want TLS; begin the endpoint with https://"},
	{"Client sent an HTTP request to an HTTPS server", "the receiver wants TLS; begin the endpoint with https://"},
	{"looked like an HTTP/1.1 header", "the receiver speaks OTLP over HTTP, usually on port 4318; set the protocol to http/protobuf, or the endpoint to its port for gRPC, usually 4317"},
	{"malformed HTTP response", speaksGRPC},
	{"readLoopPeekFailLocked: %!w(<nil>)", speaksGRPC}, // what it sends first came before it was asked
}

const speaksGRPC = "the receiver seems to speak OTLP over gRPC, usually on port 4317; set the protocol to grpc, or the endpoint to its port for HTTP, usually 4318"

// hintOn returns what a failed request's text most likely means, "" if nobody
// knows.
func hintOn(text string) string {
	for _, h := range hints {
		if strings.Contains(text, h.text) {
			return h.hint
		}
	}
	return ""
}
