package apiserver

import (
	"bytes"
	"fmt"
)

// Placeholders in pods. The values have the same length, so that protobuf's length
// prefixes stay right.
const (
	app     = "app-5559"
	node    = "node-3337"
	id      = "7777771"
	version = Mark + "8888882"
)

// Mark begins every resourceVersion, and nothing else, so that the event of a pod can be
// found in any output of a program. [VersionDigits] digits follow it.
const (
	Mark          = "7351907"
	VersionDigits = 7
)

// values take the places of placeholders.
type values struct{ app, node, id, version int }

// template is an encoded object in which placeholders are found.
type template struct {
	bytes  []byte
	places []place
}

type place struct {
	at, digits int
	value      func(v values) int
}

type placeholder struct {
	text  string
	from  int // where its digits begin
	value func(v values) int
}

func placeholders() []placeholder {
	return []placeholder{
		{app, len("app-"), func(v values) int { return v.app }},
		{node, len("node-"), func(v values) int { return v.node }},
		{id, 0, func(v values) int { return v.id }},
		{version, len(Mark), func(v values) int { return v.version }},
	}
}

func newTemplate(encoded []byte) template {
	t := template{bytes: bytes.Clone(encoded)}
	for _, p := range placeholders() {
		for from := 0; ; {
			at := bytes.Index(encoded[from:], []byte(p.text))
			if at < 0 {
				break
			}
			from += at + len(p.text)
			t.places = append(t.places, place{from - len(p.text) + p.from, len(p.text) - p.from, p.value})
		}
	}
	return t
}

// append appends the object with v in it.
func (t template) append(to []byte, v values) []byte {
	start := len(to)
	to = append(to, t.bytes...)
	for _, p := range t.places {
		digits := to[start+p.at : start+p.at+p.digits]
		n := p.value(v)
		for i := len(digits) - 1; i >= 0; i-- {
			digits[i] = byte('0' + n%10)
			n /= 10
		}
		if n > 0 {
			panic(fmt.Sprintf("%d has more than %d digits", p.value(v), p.digits)) // a cluster larger than planned for
		}
	}
	return to
}
