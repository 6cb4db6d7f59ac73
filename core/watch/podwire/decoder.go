package podwire

import (
	"hash/maphash"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Decoder decodes pods, and remembers strings that many of them have. Not safe
// for concurrent use. Make one with [NewDecoder].
type Decoder struct {
	shared shared
	wanted map[string]bool // annotations
}

// NewDecoder returns a decoder that takes of a pod's annotations those with these
// keys.
func NewDecoder(annotations []string) *Decoder {
	d := &Decoder{shared: shared{seed: maphash.MakeSeed()}, wanted: make(map[string]bool, len(annotations))}
	for _, key := range annotations {
		d.wanted[key] = true
	}
	return d
}

// Decode reads a pod from b, which is a message k8s.io.api.core.v1.Pod, and keeps
// none of b's memory.
//
// Whatever is odd about b is left to the generated code, which takes some things
// that are no protobuf, and knows how to call what it refuses. Such a pod comes
// with all that it has.
func (d *Decoder) Decode(b []byte, into *Pod) error {
	into.reset()
	if d.pod(b, into) {
		return nil
	}
	into.reset()
	return into.Unmarshal(b)
}

// What follows has the numbers of the fields in generated.proto of
// k8s.io/apimachinery/pkg/apis/meta/v1 and k8s.io/api/core/v1. A message that
// comes a second time is laid over the first, as everywhere in protobuf.

func (d *Decoder) pod(b []byte, p *Pod) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			r.must(d.meta(r.bytes(), &p.ObjectMeta, &p.spare))
		case 2:
			r.must(d.spec(r.bytes(), &p.Spec, &p.spare))
		case 3:
			r.must(d.status(r.bytes(), &p.Status, &p.spare))
		}
	}
	return !r.bad
}

// string returns one that many pods may have.
func (d *Decoder) string(r *reader) string { return d.shared.string(r.bytes()) }

// timeOf reads a [metav1.Time], of which Kubernetes takes the seconds only.
func timeOf(b []byte, t *metav1.Time) bool {
	*t = metav1.Time{}
	if len(b) == 0 {
		return true
	}
	seconds := int64(0)
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			seconds = int64(r.varint()) //nolint:gosec // that is how it is encoded
		case 2:
			r.varint()
		}
	}
	*t = metav1.Unix(seconds, 0)
	return !r.bad
}
