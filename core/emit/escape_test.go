package emit

import "testing"

// TestPlainBytes: the table has each plain character of ASCII at its own position.
func TestPlainBytes(t *testing.T) {
	if len(plainBytes) != 256 {
		t.Fatalf("%d bytes, want 256", len(plainBytes))
	}
	for i := range len(plainBytes) {
		c := byte(i)
		want := c
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			want = 0
		}
		if plainBytes[i] != want {
			t.Errorf("at %#x is %#x, want %#x", i, plainBytes[i], want)
		}
	}
}
