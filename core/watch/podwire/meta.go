package podwire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	metaName                       = 1
	metaNamespace                  = 3
	metaUID                        = 5
	metaResourceVersion            = 6
	metaCreationTimestamp          = 8
	metaDeletionTimestamp          = 9
	metaDeletionGracePeriodSeconds = 10
	metaLabels                     = 11
	metaAnnotations                = 12
	metaOwnerReferences            = 13

	ownerKind       = 1
	ownerName       = 3
	ownerUID        = 4
	ownerAPIVersion = 5
	ownerController = 6
)

func (d *Decoder) meta(b []byte, m *metav1.ObjectMeta, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case metaName:
			m.Name = string(r.Bytes())
		case metaNamespace:
			m.Namespace = d.string(&r)
		case metaUID:
			m.UID = types.UID(r.Bytes())
		case metaResourceVersion:
			m.ResourceVersion = string(r.Bytes())
		case metaCreationTimestamp:
			r.Require(wire.Time(r.Bytes(), &m.CreationTimestamp))
		case metaDeletionTimestamp:
			m.DeletionTimestamp = &s.deleted
			r.Require(wire.Time(r.Bytes(), m.DeletionTimestamp))
		case metaDeletionGracePeriodSeconds:
			s.grace = int64(r.Varint()) //nolint:gosec // that is how it is encoded
			m.DeletionGracePeriodSeconds = &s.grace
		case metaLabels:
			r.Require(d.label(r.Bytes(), m, s))
		case metaAnnotations:
			r.Require(d.annotation(r.Bytes(), m, s))
		case metaOwnerReferences:
			r.Require(d.owner(r.Bytes(), add(&m.OwnerReferences, &s.owners), s))
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
		case ownerKind:
			o.Kind = d.string(&r)
		case ownerName:
			o.Name = d.string(&r)
		case ownerUID:
			o.UID = types.UID(d.string(&r))
		case ownerAPIVersion:
			o.APIVersion = d.string(&r)
		case ownerController:
			o.Controller = s.bools.set(r.Varint() != 0)
		}
	}
	return r.OK()
}
