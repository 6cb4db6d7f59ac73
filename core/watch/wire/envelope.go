package wire

import (
	"bytes"

	"google.golang.org/protobuf/encoding/protowire"
)

// magic precedes the runtime.Unknown of an object that has its kind.
const magic = "k8s\x00"

// Fields of the messages around an object, from generated.proto of
// k8s.io/apimachinery/pkg/apis/meta/v1 and k8s.io/apimachinery/pkg/runtime.
const (
	watchEventType   = 1
	watchEventObject = 2

	rawExtensionRaw = 1

	unknownTypeMeta = 1
	unknownRaw      = 2

	typeMetaAPIVersion = 1
	typeMetaKind       = 2
)

// Event reads a frame of a watch, which is a meta.v1.WatchEvent: its type, and the
// object with its envelope. Both share the frame's memory.
func Event(frame []byte) (typ, object []byte, ok bool) {
	r := NewReader(frame)
	for r.Next() {
		switch r.Field {
		case watchEventType:
			typ = r.Bytes()
		case watchEventObject:
			extension := NewReader(r.Bytes())
			for extension.Next() {
				if extension.Field == rawExtensionRaw {
					object = extension.Bytes()
				}
			}
			r.Require(extension.OK())
		}
	}
	return typ, object, r.OK()
}

// Object returns the message of an object of this apiVersion, such as apps/v1, and
// kind, such as Deployment. ok is false for any other object, and for one that is
// damaged.
func Object(object []byte, apiVersion, kind string) (message []byte, ok bool) {
	body, ok := bytes.CutPrefix(object, []byte(magic))
	right := false
	r := NewReader(body)
	for r.Next() {
		switch r.Field {
		case unknownTypeMeta:
			right = isKind(r.Bytes(), apiVersion, kind)
		case unknownRaw:
			message = r.Bytes()
		}
	}
	return message, ok && right && r.OK()
}

// isKind reads a runtime.TypeMeta.
func isKind(message []byte, apiVersion, kind string) bool {
	var sameVersion, sameKind bool
	r := NewReader(message)
	for r.Next() {
		switch r.Field {
		case typeMetaAPIVersion:
			sameVersion = string(r.Bytes()) == apiVersion
		case typeMetaKind:
			sameKind = string(r.Bytes()) == kind
		}
	}
	return sameVersion && sameKind && r.OK()
}

// maxHead is more than the envelope of a list takes before the list's message.
const maxHead = 256

// listHead returns where the message of a list of this kind begins, and its size.
// head are the first bytes of the object.
func listHead(head []byte, apiVersion, kind string) (begin, size int, ok bool) {
	rest, ok := bytes.CutPrefix(head, []byte(magic))
	if !ok {
		return 0, 0, false
	}
	field, typ, n := protowire.ConsumeTag(rest)
	if n < 0 || field != unknownTypeMeta || typ != protowire.BytesType {
		return 0, 0, false
	}
	meta, m := protowire.ConsumeBytes(rest[n:])
	if m < 0 || !isKind(meta, apiVersion, kind) {
		return 0, 0, false
	}
	rest = rest[n+m:]
	field, typ, n = protowire.ConsumeTag(rest)
	if n < 0 || field != unknownRaw || typ != protowire.BytesType {
		return 0, 0, false
	}
	length, m := protowire.ConsumeVarint(rest[n:])
	if m < 0 || length > 1<<40 {
		return 0, 0, false
	}
	return len(head) - len(rest) + n + m, int(length), true
}
