package owner

import (
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

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

// metaDecoder decodes the metadata of owners in lists.
type metaDecoder struct {
	labels, annotations []string
	strings             *wire.Strings // that many owners have in common
}

// item reads the fields of an owner's metadata that are needed. Others, such as
// managedFields, are most of its bytes.
func (d metaDecoder) item(message []byte) (o object, ok bool) {
	item := wire.NewReader(message)
	for item.Next() {
		if item.Field == partialMetadata {
			item.Require(d.meta(item.Bytes(), &o))
		}
	}
	return o, item.OK() && o.owner.UID != ""
}

func (d metaDecoder) meta(message []byte, o *object) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case metaName:
			o.owner.Name = string(r.Bytes())
		case metaNamespace:
			o.namespace = d.strings.Intern(r.Bytes())
		case metaUID:
			o.owner.UID = string(r.Bytes())
		case metaLabels:
			r.Require(d.pair(r.Bytes(), d.labels, &o.owner.Labels))
		case metaAnnotations:
			r.Require(d.pair(r.Bytes(), d.annotations, &o.owner.Annotations))
		case metaOwners:
			ref, controls, ok := d.ref(r.Bytes())
			r.Require(ok)
			if controls {
				o.controller = ref
			}
		}
	}
	return r.OK()
}

// pair reads a label or an annotation, and keeps it if it has one of the keys.
func (d metaDecoder) pair(message []byte, keys []string, into *map[string]string) bool {
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
func (d metaDecoder) ref(message []byte) (ref record.OwnerRef, controls, ok bool) {
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
