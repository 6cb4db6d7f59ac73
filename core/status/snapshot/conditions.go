package snapshot

import (
	"encoding/binary"
	"strings"
	"unique"

	"github.com/cespare/xxhash/v2"
	corev1 "k8s.io/api/core/v1"
)

// conditions are the last emitted conditions of a pod, in the order of its status.
// Pods with the same conditions share their memory. The zero value means unknown: a
// version of the program that stored only a hash wrote the state.
type conditions struct {
	// Type, status and reason of each condition, each after its length as a uvarint,
	// followed by the digest of its message as a uvarint.
	encoded unique.Handle[string]
}

// condition is the last emitted state of one condition. The zero value is none.
type condition struct {
	typ, status, reason string
	digest              uint64 // of the message; 0: none, or not compared
}

func makeConditions(list []condition) conditions {
	b := make([]byte, 0, 48*len(list))
	for _, c := range list {
		b = c.append(b)
	}
	return conditions{unique.Make(string(b))}
}

// conditionsOf returns the conditions of a pod, which often are those before. The
// order of conditions is irrelevant, but few orders occur.
func conditionsOf(before conditions, list []corev1.PodCondition) conditions {
	if before.known() && before.equal(list) {
		return before
	}
	var room [16]condition
	all := room[:0]
	for i := range list {
		all = append(all, lastCondition(&list[i]))
	}
	return makeConditions(all)
}

func lastCondition(c *corev1.PodCondition) condition {
	return condition{string(c.Type), string(c.Status), c.Reason, messageDigest(c)}
}

func (s conditions) known() bool { return s.encoded != unique.Handle[string]{} }

// equal reports whether the conditions are those in the list.
func (s conditions) equal(list []corev1.PodCondition) bool {
	rest, n := s.string(), 0
	for ; rest != ""; n++ {
		c := cutCondition(&rest)
		if n >= len(list) || !sameCondition(&c, findCondition(list, c.typ, n)) {
			return false
		}
	}
	return n == len(list)
}

// get returns the condition of this type, the zero value if there is none.
func (s conditions) get(typ string) condition {
	for rest := s.string(); rest != ""; {
		if c := cutCondition(&rest); c.typ == typ {
			return c
		}
	}
	return condition{}
}

// list appends all conditions.
func (s conditions) list(all []condition) []condition {
	for rest := s.string(); rest != ""; {
		all = append(all, cutCondition(&rest))
	}
	return all
}

func (s conditions) string() string {
	if !s.known() {
		return ""
	}
	return s.encoded.Value()
}

func (c *condition) append(b []byte) []byte {
	for _, s := range [...]string{c.typ, c.status, c.reason} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return binary.AppendUvarint(b, c.digest)
}

// cutCondition removes the first condition of an encoded string.
func cutCondition(s *string) (c condition) {
	p := packed(*s)
	for _, field := range [...]*string{&c.typ, &c.status, &c.reason} {
		n := p.uvarint()
		*field, p = string(p[:n]), p[n:]
	}
	c.digest = p.uvarint()
	*s = string(p)
	return c
}

// findCondition returns the condition of this type or nil. at is its usual index.
func findCondition(list []corev1.PodCondition, typ string, at int) *corev1.PodCondition {
	if at < len(list) && string(list[at].Type) == typ {
		return &list[at]
	}
	for i := range list {
		if string(list[i].Type) == typ {
			return &list[i]
		}
	}
	return nil
}

// sameCondition reports whether a condition needs no record.
func sameCondition(before *condition, now *corev1.PodCondition) bool {
	return now != nil && before.status == string(now.Status) && before.reason == now.Reason &&
		before.digest == messageDigest(now)
}

// messageDigest returns a hash of a condition's message without its digits. It is 0
// unless the pod can't be scheduled: a message of the scheduler changes with each
// attempt, but a new cause, such as a taint, is news.
func messageDigest(c *corev1.PodCondition) uint64 {
	if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse || c.Message == "" {
		return 0
	}
	var h xxhash.Digest // on the stack
	h.Reset()
	for rest := c.Message; rest != ""; {
		i := strings.IndexAny(rest, "0123456789")
		if i < 0 {
			i = len(rest)
		}
		_, _ = h.WriteString(rest[:i])
		rest = strings.TrimLeft(rest[i:], "0123456789")
	}
	return h.Sum64() | 1
}
