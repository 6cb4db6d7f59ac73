package podwire

import "github.com/pod-status-logger/pod-status-logger/core/watch/wire"

// The constants in this package that name a message and one of its fields are the
// field's number in generated.proto of k8s.io/api/core/v1 and
// k8s.io/apimachinery/pkg/apis/meta/v1. TestEachField holds them to the generated
// code. A message that comes a second time is merged into the first, as everywhere
// in protobuf.

const (
	podMetadata = 1
	podSpec     = 2
	podStatus   = 3
)

// Decoder decodes pods, and shares the strings that many of them have in common. Not
// safe for concurrent use. Make one with [NewDecoder].
type Decoder struct {
	strings *wire.Strings
	wanted  map[string]bool // annotations
}

// NewDecoder returns a decoder that reads those annotations of a pod that have one
// of these keys.
func NewDecoder(annotations []string) *Decoder {
	d := &Decoder{strings: wire.NewStrings(), wanted: make(map[string]bool, len(annotations))}
	for _, key := range annotations {
		d.wanted[key] = true
	}
	return d
}

// Decode reads a pod from message, a k8s.io.api.core.v1.Pod, and shares no memory
// with it. The content of into is replaced.
//
// A message that is unusual in any way is left to the generated code, which accepts
// some bytes that are not protobuf, and has the usual error texts for the others.
// Such a pod has all of its fields.
func (d *Decoder) Decode(message []byte, into *Pod) error {
	into.reset()
	if d.pod(message, into) {
		return nil
	}
	into.reset()
	return into.Unmarshal(message)
}

func (d *Decoder) pod(message []byte, p *Pod) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case podMetadata:
			r.Require(d.meta(r.Bytes(), &p.ObjectMeta, &p.spare))
		case podSpec:
			r.Require(d.spec(r.Bytes(), &p.Spec, &p.spare))
		case podStatus:
			r.Require(d.status(r.Bytes(), &p.Status, &p.spare))
		}
	}
	return r.OK()
}

// string returns a value that many pods may have in common.
func (d *Decoder) string(r *wire.Reader) string { return d.strings.Intern(r.Bytes()) }
