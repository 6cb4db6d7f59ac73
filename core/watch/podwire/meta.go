package podwire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func (d *Decoder) meta(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			m.Name = string(r.bytes())
		case 3:
			m.Namespace = d.string(&r)
		case 5:
			m.UID = types.UID(r.bytes())
		case 6:
			m.ResourceVersion = string(r.bytes())
		case 8:
			r.must(timeOf(r.bytes(), &m.CreationTimestamp))
		case 9:
			m.DeletionTimestamp = &s.deleted
			r.must(timeOf(r.bytes(), m.DeletionTimestamp))
		case 10:
			s.grace = int64(r.varint()) //nolint:gosec // that is how it is encoded
			m.DeletionGracePeriodSeconds = &s.grace
		case 11:
			r.must(d.label(r.bytes(), m, s))
		case 12:
			r.must(d.annotation(r.bytes(), m, s))
		case 13:
			r.must(d.owner(r.bytes(), add(&m.OwnerReferences, &s.owners), s))
		}
	}
	return !r.bad
}

func (d *Decoder) label(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	key, value, ok := entry(b)
	put(&m.Labels, &s.labels, d.shared.string(key), d.shared.string(value))
	return ok
}

func (d *Decoder) annotation(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	key, value, ok := entry(b)
	if d.wanted[string(key)] {
		put(&m.Annotations, &s.annotations, d.shared.string(key), d.shared.string(value))
	}
	return ok
}

// entry reads an entry of a map. What it doesn't have is empty.
func entry(b []byte) (key, value []byte, ok bool) {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			key = r.bytes()
		case 2:
			value = r.bytes()
		}
	}
	return key, value, !r.bad
}

func (d *Decoder) owner(b []byte, o *metav1.OwnerReference, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			o.Kind = d.string(&r)
		case 3:
			o.Name = d.string(&r)
		case 4:
			o.UID = types.UID(d.string(&r))
		case 5:
			o.APIVersion = d.string(&r)
		case 6:
			o.Controller = s.bools.set(r.varint() != 0)
		}
	}
	return !r.bad
}
