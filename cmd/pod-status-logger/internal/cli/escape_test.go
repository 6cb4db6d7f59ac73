package cli

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

// TestHostileControlCharacters: no text in the log can steer a terminal, and JSON
// readers see the text as it was.
func TestHostileControlCharacters(t *testing.T) {
	const text = "\x1b[31m \u009b2J \u0085 \x7f \u202e \U000e0041 é 值 \"\\"
	var out strings.Builder
	slog.New(slog.NewJSONHandler(escaper{&out}, nil)).Info(text, "key", map[string]any{text: text})
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if r < ' ' || isUnprintable(r) {
			t.Errorf("%U is in the log", r)
		}
	}
	var line struct {
		Msg string
		Key map[string]string
	}
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil || line.Msg != text || line.Key[text] != text {
		t.Errorf("%s\n%+v, error %v", out.String(), line, err)
	}
}

// TestPlainLines: other lines stay as they are.
func TestPlainLines(t *testing.T) {
	const line = "{\"msg\":\"é 值 \\u001b\"}\n"
	var out strings.Builder
	n, err := escaper{&out}.Write([]byte(line))
	if out.String() != line || n != len(line) || err != nil {
		t.Errorf("%q, %d bytes, error %v", out.String(), n, err)
	}
}
