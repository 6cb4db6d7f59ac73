package main

import (
	"bytes"
	stdlog "log"
	"log/slog"
	"strings"
	"testing"
)

// TestStandardLog: net/http's messages on Go's standard log become log lines.
func TestStandardLog(t *testing.T) {
	flags, out := stdlog.Flags(), stdlog.Writer()
	t.Cleanup(func() {
		stdlog.SetFlags(flags)
		stdlog.SetOutput(out)
	})
	var b bytes.Buffer
	redirectStandardLog(slog.New(slog.NewJSONHandler(&b, nil)))
	stdlog.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "HTTP", nil)
	line := b.String()
	if !strings.HasPrefix(line, "{") || !strings.Contains(line, `"level":"WARN"`) || !strings.Contains(line, `"msg":"Unsolicited response`) || strings.Count(line, "\n") != 1 {
		t.Errorf("logged %q", line)
	}
}
