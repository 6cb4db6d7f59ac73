package wire

// Fields of an entry of a map.
const (
	entryKey   = 1
	entryValue = 2
)

// Entry reads an entry of a map from strings to strings, such as a label. key and value
// share the message's memory; one that is missing is empty. ok reports whether the message
// is valid.
func Entry(message []byte) (key, value []byte, ok bool) {
	r := NewReader(message)
	for r.Next() {
		switch r.Field {
		case entryKey:
			key = r.Bytes()
		case entryValue:
			value = r.Bytes()
		}
	}
	return key, value, r.OK()
}
