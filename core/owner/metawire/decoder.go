// Package metawire decodes the metadata of owners from lists in protobuf: the few fields that
// are needed. Others, such as managedFields, are most of the bytes.
package metawire

import (
	"hash/maphash"

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

// partialMetadata is a field of PartialObjectMetadata, from generated.proto of
// k8s.io/apimachinery/pkg/apis/meta/v1.
const partialMetadata = 1

// Decoder decodes the objects of one list. Not safe for concurrent use.
type Decoder struct {
	labels, annotations []string
	strings             *wire.Strings // that many objects have in common

	seed   maphash.Seed
	shared [sharedPairs]map[string]string
	kept   struct{ labels, annotations []pair } // of the object in hand
}

// sharedPairs is the number of sets of labels or annotations that objects can share. The
// objects of a release have the same.
const sharedPairs = 1024

// pair is a label or an annotation that is kept.
type pair struct{ key, value string }

// NewDecoder returns a decoder that keeps the labels and annotations with these keys.
func NewDecoder(labels, annotations []string) *Decoder {
	return &Decoder{labels: labels, annotations: annotations, strings: wire.NewStrings(), seed: maphash.MakeSeed()}
}

// Decode decodes an item of a list, a PartialObjectMetadata. ok is false if it is damaged, or
// has no uid. The object shares no memory with message, but its maps with other objects.
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
	d.kept.labels, d.kept.annotations = d.kept.labels[:0], d.kept.annotations[:0]
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case wire.MetaName:
			o.Name = string(r.Bytes())
		case wire.MetaNamespace:
			o.Namespace = d.strings.Intern(r.Bytes())
		case wire.MetaUID:
			o.UID = string(r.Bytes())
		case wire.MetaLabels:
			r.Require(d.pair(r.Bytes(), d.labels, &d.kept.labels))
		case wire.MetaAnnotations:
			r.Require(d.pair(r.Bytes(), d.annotations, &d.kept.annotations))
		case wire.MetaOwnerReferences:
			ref, controls, ok := d.ref(r.Bytes())
			r.Require(ok)
			if controls {
				o.Controller = ref
			}
		}
	}
	o.Labels, o.Annotations = d.share(d.kept.labels), d.share(d.kept.annotations)
	return r.OK()
}

// share returns pairs as a map, the same one as for an earlier object with these pairs if
// that is still in the table.
func (d *Decoder) share(pairs []pair) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	var hash maphash.Hash
	hash.SetSeed(d.seed)
	for _, p := range pairs {
		_, _ = hash.WriteString(p.value)
		_ = hash.WriteByte(0)
	}
	at := &d.shared[hash.Sum64()%sharedPairs]
	if !same(*at, pairs) {
		*at = make(map[string]string, len(pairs))
		for _, p := range pairs {
			(*at)[p.key] = p.value
		}
	}
	return *at
}

func same(m map[string]string, pairs []pair) bool {
	if len(m) != len(pairs) {
		return false
	}
	for _, p := range pairs {
		if value, ok := m[p.key]; !ok || value != p.value {
			return false
		}
	}
	return true
}

// pair reads a label or an annotation, and keeps it if it has one of the keys.
func (d *Decoder) pair(message []byte, keys []string, into *[]pair) bool {
	key, value, ok := wire.Entry(message)
	for _, wanted := range keys {
		if wanted == string(key) && len(value) <= record.MaxAnnotation {
			*into = append(*into, pair{wanted, d.strings.Intern(value)})
			break // plugins can name a key more than once
		}
	}
	return ok
}

// ref reads a reference, and reports whether it is that of the controller.
func (d *Decoder) ref(message []byte) (ref record.OwnerRef, controls, ok bool) {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case wire.OwnerKind:
			ref.Kind = d.strings.Intern(r.Bytes())
		case wire.OwnerName:
			ref.Name = string(r.Bytes())
		case wire.OwnerUID:
			ref.UID = string(r.Bytes())
		case wire.OwnerAPIVersion:
			ref.APIVersion = d.strings.Intern(r.Bytes())
		case wire.OwnerController:
			controls = r.Varint() != 0
		}
	}
	return ref, controls, r.OK()
}
