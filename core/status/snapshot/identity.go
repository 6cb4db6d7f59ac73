package snapshot

import (
	"encoding/hex"
	"strconv"
)

// uid is a UUID in the form that Kubernetes writes, in lower case. The zero value
// represents any other string.
type uid [16]byte

// version is a resourceVersion that is a number, as in every cluster. 0 represents
// any other string.
type version uint64

// parseUID returns the uid with the string form s, or the zero value.
func parseUID(s string) uid {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return uid{}
	}
	var u uid
	for i, at := range [...]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		high, low := digit(s[at]), digit(s[at+1])
		if high|low > 0xf {
			return uid{}
		}
		u[i] = high<<4 | low
	}
	return u
}

// digit returns the value of a hexadecimal digit in lower case, 0xff of other bytes.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

func (u uid) String() string {
	var b [36]byte
	hex.Encode(b[0:], u[0:4])
	hex.Encode(b[9:], u[4:6])
	hex.Encode(b[14:], u[6:8])
	hex.Encode(b[19:], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// parseVersion returns the version with the string form s, or 0.
func parseVersion(s string) version {
	if s == "" || s[0] < '1' || s[0] > '9' { // 007 would become 7
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return version(n)
}

func (v version) String() string { return strconv.FormatUint(uint64(v), 10) }
