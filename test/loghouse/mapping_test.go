package loghouse

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSplit checks that fields are sorted by type, and that other lines stay unchanged.
func TestSplit(t *testing.T) {
	log := func(line string) fields {
		return fields{StringNames: []string{"log"}, StringValues: []string{line}}
	}
	for name, c := range map[string]struct {
		line string
		want fields
	}{
		"types": {`{"a":"x","n":3,"f":-1.5e3,"t":true,"no":false,"z":null,"e":""}` + "\n", fields{
			StringNames: []string{"a", "e"}, StringValues: []string{"x", ""},
			NumberNames: []string{"n", "f"}, NumberValues: []json.Number{"3", "-1.5e3"},
			BooleanNames: []string{"t", "no"}, BooleanValues: []int{1, 0}, NullNames: []string{"z"},
		}},
		"blanks around": {" {\"a\":\"\\u2028\"} \r\n", fields{StringNames: []string{"a"}, StringValues: []string{"\u2028"}}},
		"plain text":    {"hello\n", log("hello\n")},
		"half a line":   {`{"a":"x`, log(`{"a":"x`)},
		"broken":        {`{"a":}`, log(`{"a":}`)},
		"two objects":   {`{"a":1}{"a":2}`, log(`{"a":1}{"a":2}`)},
		"a list":        {`[1]`, log(`[1]`)},
	} {
		got, err := split(c.line)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	for _, line := range []string{`{"a":{"b":1}}`, `{"a":[]}`, `{"a":1,"a":"x"}`} {
		if _, err := split(line); err == nil || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("%s: got %v, want an error about a", line, err)
		}
	}
}

// TestNsec checks that loghouse reads the digits after the dot as nanoseconds, which is wrong
// if zeros were omitted.
func TestNsec(t *testing.T) {
	for at, want := range map[string]uint32{
		"2026-11-24T12:00:00.123456789Z": 123456789,
		"2026-11-24T12:00:00.5Z":         5, // half a second it was
		"2026-11-24T12:00:00Z":           2026,
		"2026-11-24T12:00:00.05+01:00":   5,
	} {
		if got := nsec(at); got != want {
			t.Errorf("nsec(%s) = %d, want %d", at, got, want)
		}
	}
}

// TestRuntimes checks that a line of 16 KiB with its newline stays whole, and that one of two
// bytes more is split into invalid JSON.
func TestRuntimes(t *testing.T) {
	line := func(length int) []byte {
		return []byte(`{"a":"` + strings.Repeat("x", length-9) + "\"}\n")
	}
	c := container{now: time.Unix(0, 0), step: time.Second / 2}
	for name, f := range map[string]struct {
		write func(stream string, output []byte) []string
		read  func(line string) (entry, bool)
	}{
		"docker":     {c.docker, tail},
		"containerd": {c.cri, tailCRI},
	} {
		whole := f.write("stdout", bytes.Repeat(line(splitAt), 2))
		if len(whole) != 2 {
			t.Fatalf("%s makes %d lines of two, want 2", name, len(whole))
		}
		e, ok := f.read(whole[1])
		if got := strings.TrimSuffix(e.Log, "\n") + "\n"; !ok || got != string(line(splitAt)) || e.Stream != "stdout" {
			t.Errorf("%s: the agent does not read what the container wrote", name)
		}
		parts := f.write("stderr", line(splitAt+2))
		if len(parts) != 2 {
			t.Fatalf("%s makes %d lines of one that is too long, want 2", name, len(parts))
		}
		if e, ok := f.read(parts[0]); ok {
			if got, err := split(e.Log); err != nil || got.StringNames[0] != "log" {
				t.Errorf("%s: a piece is taken for a whole: %v", name, err)
			}
		}
	}
	if _, ok := tail(c.cri("stdout", line(100))[0]); ok {
		t.Error("loghouse's own source reads containerd's format, docs/loghouse.md says that it does not")
	}
}
