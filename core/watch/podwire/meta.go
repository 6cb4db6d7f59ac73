package podwire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

func (d *Decoder) meta(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case wire.MetaDeletionTimestamp:
			m.DeletionTimestamp = &s.deleted
			r.Require(wire.Time(r.Bytes(), m.DeletionTimestamp))
		case wire.MetaDeletionGracePeriodSeconds:
			s.grace = int64(r.Varint()) //nolint:gosec // that is how it is encoded
			m.DeletionGracePeriodSeconds = &s.grace
		case wire.MetaLabels:
			r.Require(d.label(r.Bytes(), m, s))
		case wire.MetaAnnotations:
			r.Require(d.annotation(r.Bytes(), m, s))
		case wire.MetaOwnerReferences:
			r.Require(d.owner(r.Bytes(), add(&m.OwnerReferences, &s.owners), s))
		default:
			d.strings.Identity(&r, m)
		}
	}
	return r.OK()
}

func (d *Decoder) label(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	key, value, ok := wire.Entry(b)
	put(&m.Labels, &s.labels, d.strings.Intern(key), d.strings.Intern(value))
	return ok
}

func (d *Decoder) annotation(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	key, value, ok := wire.Entry(b)
	if d.wanted[string(key)] {
		put(&m.Annotations, &s.annotations, d.strings.Intern(key), d.strings.Intern(value))
	}
	return ok
}

func (d *Decoder) owner(b []byte, o *metav1.OwnerReference, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case wire.OwnerKind:
			o.Kind = d.string(&r)
		case wire.OwnerName:
			o.Name = d.string(&r)
		case wire.OwnerUID:
			o.UID = types.UID(d.string(&r))
		case wire.OwnerAPIVersion:
			o.APIVersion = d.string(&r)
		case wire.OwnerController:
			o.Controller = s.bools.set(r.Varint() != 0)
		}
	}
	return r.OK()
}
