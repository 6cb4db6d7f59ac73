package workloadwire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

func (d *Decoder) meta(message []byte, m *metav1.ObjectMeta) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case wire.MetaGeneration:
			m.Generation = number64(&r)
		case wire.MetaLabels:
			r.Require(d.entry(r.Bytes(), &m.Labels, nil))
		case wire.MetaAnnotations:
			r.Require(d.entry(r.Bytes(), &m.Annotations, d.wanted))
		case wire.MetaOwnerReferences:
			r.Require(d.owner(r.Bytes(), m))
		default:
			d.strings.Identity(&r, m)
		}
	}
	return r.OK()
}

// entry reads a label or an annotation, if its key is wanted; nil: all are.
func (d *Decoder) entry(message []byte, m *map[string]string, wanted map[string]bool) bool {
	key, value, ok := wire.Entry(message)
	if wanted != nil && !wanted[string(key)] {
		return ok
	}
	if *m == nil {
		*m = make(map[string]string)
	}
	(*m)[d.strings.Intern(key)] = d.strings.Intern(value)
	return ok
}

// owner reads an owner reference, and keeps that of the controller.
func (d *Decoder) owner(message []byte, m *metav1.ObjectMeta) bool {
	var o metav1.OwnerReference
	controller := false
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case wire.OwnerKind:
			o.Kind = d.string(&r)
		case wire.OwnerName:
			o.Name = string(r.Bytes())
		case wire.OwnerUID:
			o.UID = types.UID(r.Bytes())
		case wire.OwnerAPIVersion:
			o.APIVersion = d.string(&r)
		case wire.OwnerController:
			controller = r.Varint() != 0
		}
	}
	if controller && len(m.OwnerReferences) == 0 {
		o.Controller = &controller
		m.OwnerReferences = []metav1.OwnerReference{o}
	}
	return r.OK()
}
