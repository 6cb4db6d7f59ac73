package snapshot

import (
	"testing"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestIdentities checks that a state keeps any uid and resourceVersion. Those of the
// usual form need no memory of their own.
func TestIdentities(t *testing.T) {
	const small = "5b1c8f0e-53a1-4a6e-9d1c-0123456789ab"
	for name, c := range map[string]struct {
		uid, version string
		usual        bool
	}{
		"as in a cluster":         {small, "1234567", true},
		"the smallest":            {"00000000-0000-0000-0000-000000000001", "1", true},
		"the largest":             {"ffffffff-ffff-ffff-ffff-ffffffffffff", "18446744073709551615", true},
		"none":                    {"", "", true},
		"zero":                    {"00000000-0000-0000-0000-000000000000", "0", false},
		"upper case":              {"5B1C8F0E-53A1-4A6E-9D1C-0123456789AB", "A", false},
		"one digit in upper case": {"5b1c8f0e-53a1-4a6e-9d1c-0123456789aB", "12X", false},
		"leading zero":            {"05b1c8f0e-53a1-4a6e-9d1c-0123456789ab", "01", false},
		"too large":               {small + "0", "18446744073709551616", false},
		"of a mirror pod":         {"6f1d3fd58b2d0d1b0a5e1c7c2a9f4e33", "1_000", false},
		"signs":                   {"5b1c8f0e-53a1-4a6e-9d1c-+123456789ab", "+1", false},
		"negative":                {"5b1c8f0e-53a1-4a6e-9d1c--123456789ab", "-1", false},
		"dashes elsewhere":        {"5b1c8f0-e53a1-4a6e-9d1c-0123456789ab", "1-", false},
		"dash at an odd place":    {"5b1c8f0e-53a1-4a6e-9d1c-0-23456789ab", " 1", false},
		"a dash for a digit":      {"00000000-0000-0000-0000-000000-00000", "1-1", false},
		"dashes in pairs":         {"5b1c8f0e-53a1-4a6e-9d1c---2345678901", "--1", false},
		"a dash at the end":       {"5b1c8f0e-53a1-4a6e-9d1c-0123456789a-", "1 ", false},
		"not ASCII":               {"5b1c8f0e-53a1-4a6e-9d1c-01234567é9a", "１", false},
		"bytes above":             {"5b1c8f0e-53a1-4a6e-9d1c-0123456789\xf0\xff", "\xff", false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := identified(c.uid, c.version)
			s := stateOf(pod)
			if s.UID() != c.uid || s.ResourceVersion() != c.version ||
				(s.uncommon == unique.Make(uncommon{grace: NotDeleting})) != c.usual {
				t.Errorf("got %q %q, %+v, want %q %q", s.UID(), s.ResourceVersion(), s.uncommon.Value(), c.uid, c.version)
			}
			back, err := Parse(s.Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []*State{s, back} {
				if !s.SameUID(pod) || !s.SameVersion(pod) {
					t.Errorf("%+v is not that of its pod", s)
				}
				if other := identified(c.uid+"0", c.version); s.SameUID(other) || s.SameVersion(other) {
					t.Error("another uid is taken for the same")
				}
				if other := identified(c.uid, c.version+"0"); !s.SameUID(other) || s.SameVersion(other) {
					t.Error("another version is taken for the same, or for that of another pod")
				}
			}
		})
	}
}

func identified(uid, version string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), ResourceVersion: version}}
}
