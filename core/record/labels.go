package record

import (
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"
	"unique"
)

// Labels are the labels of a pod, sorted by key. Equal sets share their memory,
// so that a hundred pods of one ReplicaSet hold their labels once, and compare
// with ==. The zero value is the empty set.
type Labels struct {
	// Keys and values, each after its length as a uvarint.
	encoded unique.Handle[string]
}

// NewLabels returns the labels in m.
func NewLabels(m map[string]string) Labels {
	if len(m) == 0 {
		return Labels{}
	}
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	b := make([]byte, 0, 64*len(m)) // enough for most
	for _, key := range keys {
		b = appendString(b, key)
		b = appendString(b, m[key])
	}
	return Labels{unique.Make(string(b))}
}

// MaxLabels is the maximum size of the labels of a record, as [LabelsWithin] counts it: that of a line on stdout.
const MaxLabels = 16 << 10

// LabelsWithin returns the labels in m if their size is at most limit. Otherwise it omits the longest ones, as few as
// possible, and reports that the labels are not complete. The size is the number of bytes of keys and values as
// members of a JSON object.
func LabelsWithin(m map[string]string, limit int) (l Labels, complete bool) {
	size := 0
	for key, value := range m {
		size += sizeOf(key, value)
	}
	if size <= limit {
		return NewLabels(m), true
	}
	all := make([]pair, 0, len(m))
	for key, value := range m {
		all = append(all, pair{key, value})
	}
	slices.SortFunc(all, longerFirst)
	for size > limit {
		size -= sizeOf(all[0].key, all[0].value)
		all = all[1:]
	}
	slices.SortFunc(all, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	b := make([]byte, 0, limit)
	for _, p := range all {
		b = appendString(appendString(b, p.key), p.value)
	}
	if len(b) == 0 {
		return Labels{}, false
	}
	return Labels{unique.Make(string(b))}, false
}

type pair struct{ key, value string }

func sizeOf(key, value string) int { return len(`,"":""`) + len(key) + len(value) }

// longerFirst compares labels in the order in which a line omits them.
func longerFirst(a, b pair) int {
	return cmp.Or(len(b.key)+len(b.value)-len(a.key)-len(a.value), cmp.Compare(a.key, b.key))
}

// Equal reports whether the labels are those in m.
func (l Labels) Equal(m map[string]string) bool {
	n := 0
	for key, value := range l.All() {
		if v, ok := m[key]; !ok || v != value {
			return false
		}
		n++
	}
	return n == len(m)
}

// All yields the labels in the order of their keys.
func (l Labels) All() iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		rest := l.string()
		for rest != "" {
			var key, value string
			key, rest = cutString(rest)
			value, rest = cutString(rest)
			if !yield(key, value) {
				return
			}
		}
	}
}

// Get returns the value of a label and whether the label exists.
func (l Labels) Get(key string) (string, bool) {
	for k, v := range l.All() {
		if k == key {
			return v, true
		}
	}
	return "", false
}

// Size returns the size of the encoded labels in bytes.
func (l Labels) Size() int { return len(l.string()) }

func (l Labels) string() string {
	if l == (Labels{}) {
		return ""
	}
	return l.encoded.Value()
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// cutString splits s, which appendString wrote, into its first string and the rest.
func cutString(s string) (front, rest string) {
	length, shift := uint64(0), 0
	for i := range len(s) {
		length |= uint64(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			end := i + 1 + int(length) //nolint:gosec // was an int when it was written
			return s[i+1 : end], s[end:]
		}
		shift += 7
	}
	return "", ""
}

// LabelKey returns the key of a label on stdout: its own, or one with the prefix
// "label." if its own is the key of a field (see [IsKey]) or, as taken reports, of a
// plugin's attribute. Different labels never get the same key.
//
// A label's own key may begin with the prefix, and so may a plugin's. Therefore the
// labels k, label.k, label.label.k and so on share the free keys of that form, in
// order: each gets its own or a later one.
func LabelKey(label string, taken func(key string) bool) string {
	key, before := label, 0 // before: how many labels come before this one
	for strings.HasPrefix(key, KeyLabelPrefix) {
		key = key[len(KeyLabelPrefix):]
		before++
	}
	for {
		if !IsKey(key) && !taken(key) {
			if before == 0 {
				return key
			}
			before--
		}
		key = KeyLabelPrefix + key
	}
}
