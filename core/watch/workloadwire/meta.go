package workloadwire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	metaName              = 1
	metaNamespace         = 3
	metaUID               = 5
	metaResourceVersion   = 6
	metaGeneration        = 7
	metaCreationTimestamp = 8
	metaLabels            = 11
	metaAnnotations       = 12
	metaOwnerReferences   = 13

	ownerKind       = 1
	ownerName       = 3
	ownerUID        = 4
	ownerAPIVersion = 5
	ownerController = 6
)

func (d *Decoder) meta(message []byte, m *metav1.ObjectMeta) bool {
	r := wire.NewReader(message)
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
		case metaGeneration:
			m.Generation = number64(&r)
		case metaCreationTimestamp:
			r.Require(wire.Time(r.Bytes(), &m.CreationTimestamp))
		case metaLabels:
			r.Require(d.entry(r.Bytes(), &m.Labels, nil))
		case metaAnnotations:
			r.Require(d.entry(r.Bytes(), &m.Annotations, d.wanted))
		case metaOwnerReferences:
			r.Require(d.owner(r.Bytes(), m))
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
		case ownerKind:
			o.Kind = d.string(&r)
		case ownerName:
			o.Name = string(r.Bytes())
		case ownerUID:
			o.UID = types.UID(r.Bytes())
		case ownerAPIVersion:
			o.APIVersion = d.string(&r)
		case ownerController:
			controller = r.Varint() != 0
		}
	}
	if controller && len(m.OwnerReferences) == 0 {
		o.Controller = &controller
		m.OwnerReferences = []metav1.OwnerReference{o}
	}
	return r.OK()
}
