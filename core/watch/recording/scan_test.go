package recording

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestScannerBoundsEntries(t *testing.T) {
	s := newEntryScanner(strings.NewReader(`{"a":"`+strings.Repeat("x", 100)+`"}`+"\n"+`{"b":1}`+"\n"+strings.Repeat("y",
		100)), 16)
	for _, want := range []struct {
		line int
		data string
		err  string
	}{
		{1, `{"a":"xxxxxxxxxx`, "longer than 16 bytes"},
		{2, `{"b":1}`, ""},
		{3, "yyyyyyyyyyyyyyyy", "longer than 16 bytes"},
	} {
		e, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if e.err != nil {
			text = e.err.Error()
		}
		if e.line != want.line || string(e.data) != want.data || text != want.err {
			t.Errorf("got line %d, %q, error %q; want %+v", e.line, e.data, text, want)
		}
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v, want %v", err, io.EOF)
	}
}

// FuzzReplay holds that nothing of a recording goes unnoticed: each byte that
// is not white space is part of an entry, and each entry is an event, one of
// those that are ignored, or an error.
func FuzzReplay(f *testing.F) {
	const event = `{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}}`
	for _, seed := range []string{
		"", event, event + "\n" + event, event + event, strings.ReplaceAll(event, ",", ",\r\n  "), event[:30] + "\n" + event,
		"text\n" + event, `{"type":"BOOKMARK"}`, `{"type":"ERROR","object":{"message":"m"}}`, `{"kind":"Pod"}`, "{\"\xff\"}", "}}{{\"\\\"", "\v",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s := newEntryScanner(bytes.NewReader(in), len(in))
		rest, lines := in, 1
		for {
			rest, lines = afterSpace(rest, lines)
			e, err := s.next()
			if err != nil {
				break
			}
			if e.line != lines {
				t.Fatalf("entry %q is said to be on line %d and is on line %d", e.data, e.line, lines)
			}
			if len(e.data) == 0 || !bytes.HasPrefix(rest, e.data) {
				t.Fatalf("entry %q is not what comes next in %q", e.data, rest)
			}
			ev, err := decodeEntry(e)
			if err == nil && ev.Pod() == nil && !bytes.Contains(e.data, []byte("BOOKMARK")) && !bytes.Contains(e.data, []byte(`\u`)) {
				t.Fatalf("entry %q is neither an event nor an error", e.data)
			}
			lines += bytes.Count(e.data, []byte("\n"))
			rest = rest[len(e.data):]
		}
		if len(rest) > 0 {
			t.Fatalf("%q is in no entry", rest)
		}
	})
}

// afterSpace skips white space and counts its lines.
func afterSpace(b []byte, line int) ([]byte, int) {
	trimmed := bytes.TrimLeft(b, jsonSpace)
	return trimmed, line + bytes.Count(b[:len(b)-len(trimmed)], []byte("\n"))
}
