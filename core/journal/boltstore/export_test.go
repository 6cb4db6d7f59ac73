package boltstore

// Fault makes transactions fail with an error of f, which is called before and after each is committed.
func Fault(o Options, f func(committed bool) error) Options {
	o.fault = f
	return o
}

// Format is the entry that a file of this version of the format has.
func Format(version uint32) []byte { return encodeFormat(version) }
