// Package metawire decodes the metadata of owners from lists in protobuf: the few fields that
// are needed. Others, such as managedFields, are most of the bytes.
package metawire

import (
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// Object is the metadata of an owner.
type Object struct {
	Namespace           string // "": it is in none
	Name, UID           string
	Labels, Annotations map[string]string // those with the decoder's keys; nil: none
	Controller          record.OwnerRef   // zero: it has none
}

// Fields of the metadata of an object, from generated.proto of
// k8s.io/apimachinery/pkg/apis/meta/v1.
const (
	partialMetadata = 1

	metaName        = 1
	metaNamespace   = 3
	metaUID         = 5
	metaLabels      = 11
	metaAnnotations = 12
	metaOwners      = 13

	refKind       = 1
	refName       = 3
	refUID        = 4
	refAPIVersion = 5
	refController = 6

	mapKey   = 1
	mapValue = 2
)

// Decoder decodes the objects of one list. Not safe for concurrent use.
type Decoder struct {
	labels, annotations []string
	strings             *wire.Strings // that many objects have in common
}

// NewDecoder returns a decoder that keeps the labels and annotations with these keys.
func NewDecoder(labels, annotations []string) *Decoder {
	return &Decoder{labels, annotations, wire.NewStrings()}
}

// Decode decodes an item of a list, a PartialObjectMetadata. ok is false if it is damaged, or
// has no uid. The object shares no memory with message.
func (d *Decoder) Decode(message []byte) (o Object, ok bool) {
	item := wire.NewReader(message)
	for item.Next() {
		if item.Field == partialMetadata {
			item.Require(d.meta(item.Bytes(), &o))
		}
	}
	return o, item.OK() && o.UID != ""
}

func (d *Decoder) meta(message []byte, o *Object) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case metaName:
			o.Name = string(r.Bytes())
		case metaNamespace:
			o.Namespace = d.strings.Intern(r.Bytes())
		case metaUID:
			o.UID = string(r.Bytes())
		case metaLabels:
			r.Require(d.pair(r.Bytes(), d.labels, &o.Labels))
		case metaAnnotations:
			r.Require(d.pair(r.Bytes(), d.annotations, &o.Annotations))
		case metaOwners:
			ref, controls, ok := d.ref(r.Bytes())
			r.Require(ok)
			if controls {
				o.Controller = ref
			}
		}
	}
	return r.OK()
}

// pair reads a label or an annotation, and keeps it if it has one of the keys.
func (d *Decoder) pair(message []byte, keys []string, into *map[string]string) bool {
	var key, value []byte
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case mapKey:
			key = r.Bytes()
		case mapValue:
			value = r.Bytes()
		}
	}
	for _, wanted := range keys {
		if wanted != string(key) || len(value) > record.MaxAnnotation {
			continue
		}
		if *into == nil {
			*into = make(map[string]string, 1)
		}
		(*into)[wanted] = d.strings.Intern(value)
	}
	return r.OK()
}

// ref reads a reference, and reports whether it is that of the controller.
func (d *Decoder) ref(message []byte) (ref record.OwnerRef, controls, ok bool) {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case refKind:
			ref.Kind = d.strings.Intern(r.Bytes())
		case refName:
			ref.Name = string(r.Bytes())
		case refUID:
			ref.UID = string(r.Bytes())
		case refAPIVersion:
			ref.APIVersion = d.strings.Intern(r.Bytes())
		case refController:
			controls = r.Varint() != 0
		}
	}
	return ref, controls, r.OK()
}
