package snapshot

import (
	"encoding/binary"
	"slices"
	"strings"
	"unique"

	"github.com/cespare/xxhash/v2"
	corev1 "k8s.io/api/core/v1"
)

// Conditions are the last emitted conditions of a pod, in the order of its status.
// Pods with the same conditions share their memory. The zero value means unknown: a
// version of the program that stored only a hash wrote the state.
type Conditions struct {
	// Type, status and reason of each condition, each after its length as a uvarint,
	// followed by the digest of its message as a uvarint.
	encoded unique.Handle[string]
}

// Condition is the last emitted state of one condition. The zero value is none.
type Condition struct {
	Type, Status, Reason string

	digest uint64 // of the message; 0: none, or not compared
}

func makeConditions(list []Condition) Conditions {
	b := make([]byte, 0, 48*len(list))
	for _, c := range list {
		b = c.append(b)
	}
	return Conditions{unique.Make(string(b))}
}

// conditionsOf returns the conditions of a pod, which often are those before. The
// order of conditions is irrelevant, but few orders occur.
func conditionsOf(before Conditions, list []corev1.PodCondition) Conditions {
	if before.Known() && before.equal(list) {
		return before
	}
	var room [16]Condition
	all := room[:0]
	for i := range list {
		all = append(all, lastCondition(&list[i]))
	}
	return makeConditions(all)
}

func lastCondition(c *corev1.PodCondition) Condition {
	return Condition{string(c.Type), string(c.Status), c.Reason, messageDigest(c)}
}

// Known reports whether the conditions are known. They may be none at all.
func (s Conditions) Known() bool { return s.encoded != unique.Handle[string]{} }

// equal reports whether the conditions are those in the list.
func (s Conditions) equal(list []corev1.PodCondition) bool {
	rest, n := s.string(), 0
	for ; rest != ""; n++ {
		c := cutCondition(&rest)
		if n >= len(list) || !c.Same(FindCondition(list, c.Type, n)) {
			return false
		}
	}
	return n == len(list)
}

// Get returns the condition of this type, the zero value if there is none.
func (s Conditions) Get(typ string) Condition {
	for rest := s.string(); rest != ""; {
		if c := cutCondition(&rest); c.Type == typ {
			return c
		}
	}
	return Condition{}
}

// List appends all conditions to all.
func (s Conditions) List(all []Condition) []Condition {
	for rest := s.string(); rest != ""; {
		all = append(all, cutCondition(&rest))
	}
	return all
}

func (s Conditions) string() string {
	if !s.Known() {
		return ""
	}
	return s.encoded.Value()
}

func (c *Condition) append(b []byte) []byte {
	for _, s := range [...]string{c.Type, c.Status, c.Reason} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return binary.AppendUvarint(b, c.digest)
}

// cutCondition removes the first condition of an encoded string.
func cutCondition(s *string) (c Condition) {
	p := packed(*s)
	for _, field := range [...]*string{&c.Type, &c.Status, &c.Reason} {
		n := p.uvarint()
		*field, p = string(p[:n]), p[n:]
	}
	c.digest = p.uvarint()
	*s = string(p)
	return c
}

// ConditionsIn returns the conditions of the pod. Kubernetes before 1.33 has a field
// for a resize; it counts as the condition that later versions have.
func ConditionsIn(pod *corev1.Pod) []corev1.PodCondition {
	list := pod.Status.Conditions
	typ := corev1.PodResizePending
	switch pod.Status.Resize {
	case corev1.PodResizeStatusInProgress:
		typ = corev1.PodResizeInProgress
	case corev1.PodResizeStatusDeferred, corev1.PodResizeStatusInfeasible:
	default:
		return list
	}
	if FindCondition(list, string(typ), 0) != nil {
		return list
	}
	c := corev1.PodCondition{Type: typ, Status: corev1.ConditionTrue}
	if typ == corev1.PodResizePending {
		c.Reason = string(pod.Status.Resize)
	}
	return append(slices.Clip(list), c)
}

// FindCondition returns the condition of this type or nil. at is its usual index.
func FindCondition(list []corev1.PodCondition, typ string, at int) *corev1.PodCondition {
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

// Same reports whether the condition needs no record. now is nil if the pod no longer has it.
func (c *Condition) Same(now *corev1.PodCondition) bool {
	return now != nil && c.Status == string(now.Status) && c.Reason == now.Reason && c.digest == messageDigest(now)
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
