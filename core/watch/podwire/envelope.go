package podwire

import (
	"bytes"

	"google.golang.org/protobuf/encoding/protowire"
)

// magic is what an object begins with that says itself of what kind it is; behind
// it is a runtime.Unknown.
const magic = "k8s\x00"

// Event reads a frame of a watch, which is a meta.v1.WatchEvent: its type, and the
// object with all that is around it. Both share the frame's memory.
func Event(frame []byte) (typ, object []byte, ok bool) {
	r := reader{rest: frame}
	for r.next() {
		switch r.field {
		case 1:
			typ = r.bytes()
		case 2:
			extension := reader{rest: r.bytes()}
			for extension.next() {
				if extension.field == 1 {
					object = extension.bytes()
				}
			}
			r.must(!extension.bad)
		}
	}
	return typ, object, !r.bad
}

// Object returns the message within an object of this kind of v1. Whatever else
// it is, or where it is odd, ok is false.
func Object(object []byte, kind string) (message []byte, ok bool) {
	body, ok := bytes.CutPrefix(object, []byte(magic))
	right := false
	r := reader{rest: body}
	for r.next() {
		switch r.field {
		case 1:
			right = isKind(r.bytes(), kind)
		case 2:
			message = r.bytes()
		}
	}
	return message, ok && right && !r.bad
}

// isKind reads a runtime.TypeMeta.
func isKind(b []byte, kind string) bool {
	var v1, right bool
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			v1 = string(r.bytes()) == "v1"
		case 2:
			right = string(r.bytes()) == kind
		}
	}
	return v1 && right && !r.bad
}

// maxHead is more than enough for what is before the message of a list.
const maxHead = 256

// listHead returns where the message within an object begins that is a PodList,
// and how long it is. head are the first bytes of the object.
func listHead(head []byte) (begin, size int, ok bool) {
	rest, ok := bytes.CutPrefix(head, []byte(magic))
	if !ok {
		return 0, 0, false
	}
	field, typ, n := protowire.ConsumeTag(rest)
	if n < 0 || field != 1 || typ != protowire.BytesType {
		return 0, 0, false
	}
	meta, m := protowire.ConsumeBytes(rest[n:])
	if m < 0 || !isKind(meta, "PodList") {
		return 0, 0, false
	}
	rest = rest[n+m:]
	field, typ, n = protowire.ConsumeTag(rest)
	if n < 0 || field != 2 || typ != protowire.BytesType {
		return 0, 0, false
	}
	length, m := protowire.ConsumeVarint(rest[n:])
	if m < 0 || length > 1<<40 {
		return 0, 0, false
	}
	return len(head) - len(rest) + n + m, int(length), true
}
