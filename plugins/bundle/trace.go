package bundle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// traceKeys are the annotations that contain a trace context, in order.
//
//nolint:gochecknoglobals // A table that is never changed.
var traceKeys = [...]string{
	"tracing.k8s.io/traceparent", // https://github.com/kubernetes/enhancements/issues/5915
	"traceparent",                // https://github.com/keptn/lifecycle-toolkit/issues/1394
	// https://github.com/tektoncd/pipeline/blob/main/pkg/reconciler/pipelinerun/tracing.go
	"tekton.dev/pipelinerunSpanContext",
	"tekton.dev/taskrunSpanContext",
}

// givenTrace returns the first valid trace context in an annotation of the nearest object. It
// identifies one delivery, so only lasting objects count.
func (f *finder) givenTrace(c *chain) string {
	for i := range c.lasting {
		o := c.at(i)
		if len(o.annotations) == 0 {
			continue
		}
		for _, k := range f.traceKeys {
			if value := o.get(key{k, annotation}); value != "" {
				if traceparent := parseTrace(value); traceparent != "" {
					return traceparent
				}
			}
		}
	}
	return ""
}

// parseTrace reads a traceparent, or a JSON object with one, as Tekton writes it. It returns
// nil if that is invalid.
func parseTrace(value string) string {
	if !strings.HasPrefix(value, "{") {
		return parseTraceparent(value)
	}
	var carrier struct {
		Traceparent string `json:"traceparent"`
	}
	if json.Unmarshal([]byte(value), &carrier) != nil {
		return ""
	}
	return parseTraceparent(carrier.Traceparent)
}

// Lengths and positions in version-traceid-spanid-flags.
// https://www.w3.org/TR/trace-context/#traceparent-header
const (
	traceparentLen = 55
	traceIDAt      = 3
	spanIDAt       = 36
	flagsAt        = 53
)

// parseTraceparent returns a valid traceparent in its version 00. Of later versions, which may
// be longer, it uses the fields of 00, as W3C requires.
func parseTraceparent(s string) string {
	if !isDivided(s) {
		return ""
	}
	version, flags := s[:2], s[flagsAt:traceparentLen]
	if !isHex(version) || version == "ff" || !isHex(flags) ||
		!isID(s[traceIDAt:traceIDAt+32]) || !isID(s[spanIDAt:spanIDAt+16]) {
		return ""
	}
	if len(s) > traceparentLen && version == "00" {
		return ""
	}
	if version == "00" && (flags == "00" || flags == "01") {
		return s
	}
	return "00" + s[2:flagsAt] + knownFlags(flags)
}

// isDivided reports whether the parts of a traceparent may be where they belong.
func isDivided(s string) bool {
	return len(s) >= traceparentLen && s[traceIDAt-1] == '-' && s[spanIDAt-1] == '-' && s[flagsAt-1] == '-' &&
		(len(s) == traceparentLen || s[traceparentLen] == '-')
}

// knownFlags keeps the defined flags, sampled and random. A receiver may refuse others.
func knownFlags(flags string) string {
	b, _ := hex.DecodeString(flags)
	return "0" + string('0'+b[0]&3)
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isID(s string) bool { return isHex(s) && strings.Trim(s, "0") != "" }

// deriveTrace derives the trace context of a pod. All pods of a bundle's version share the
// trace, and each has its own span in it. That span is never sent, so it is not sampled.
//
// The derivation is part of the product's contract and described in docs/bundles.md, so that
// others can link to the trace.
func deriveTrace(id, version, podUID string) string {
	var scratch [256]byte
	b := appendString(appendString(scratch[:0], id), version)
	sum := sha256.Sum256(b)
	trace := [16]byte(sum[:16])
	notZero(trace[:])

	b = append(append(b[:0], trace[:]...), podUID...)
	sum = sha256.Sum256(b)
	span := [8]byte(sum[:8])
	notZero(span[:])

	const form = "00-00000000000000000000000000000000-0000000000000000-00"
	out := [traceparentLen]byte([]byte(form))
	hex.Encode(out[traceIDAt:], trace[:])
	hex.Encode(out[spanIDAt:], span[:])
	return string(out[:])
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// notZero makes an id valid: an id of zeros means none.
func notZero(id []byte) {
	for _, c := range id {
		if c != 0 {
			return
		}
	}
	id[len(id)-1] = 1
}
