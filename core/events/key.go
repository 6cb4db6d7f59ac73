package events

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Key identifies an Event. It begins with the time at which the Event was created, so
// that keys of the same time are neighbours in the journal.
type Key struct {
	created uint32 // in seconds since 1970
	uid     [16]byte
}

// KeyOf returns the key of an Event.
func KeyOf(e *corev1.Event) Key { return Key{seconds(e.CreationTimestamp.Time), uidOf(string(e.UID))} }

// uidOf returns the bytes of a UID. Those that don't have the usual form, as in Events
// that were written by hand, are hashed.
func uidOf(s string) (uid [16]byte) {
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) == hex.EncodedLen(len(uid)) {
		if _, err := hex.Decode(uid[:], []byte(digits)); err == nil {
			return uid
		}
	}
	sum := sha256.Sum256([]byte(s))
	return [16]byte(sum[:16])
}

// seconds returns a time as stored: 0 for those before 1970.
func seconds(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 0), 1<<32-1))
}

// String returns the key as stored.
func (k Key) String() string {
	var b [20]byte
	binary.BigEndian.PutUint32(b[:], k.created)
	copy(b[4:], k.uid[:])
	return hex.EncodeToString(b[:])
}

// ParseKey reads a key as stored.
func ParseKey(s string) (Key, error) {
	var b [20]byte
	if len(s) != hex.EncodedLen(len(b)) {
		return Key{}, errors.New("parse key of an Event: it has another length")
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return Key{}, errors.New("parse key of an Event: it is not hexadecimal")
	}
	return Key{binary.BigEndian.Uint32(b[:]), [16]byte(b[4:])}, nil
}
