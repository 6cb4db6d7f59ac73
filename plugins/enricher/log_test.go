package enricher

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
)

func TestLogLinesAreThoseOfHclog(t *testing.T) {
	for name, tc := range map[string]struct {
		log  func(log *slog.Logger)
		want map[string]any // besides the time
	}{
		"levels": {
			func(log *slog.Logger) { log.Warn("file is gone", "file", "a.yaml") },
			map[string]any{"@level": "warn", "@message": "file is gone", "file": "a.yaml"},
		},
		"debug": {
			func(log *slog.Logger) { log.Debug("read") },
			map[string]any{"@level": "debug", "@message": "read"},
		},
		"a level in between is rounded down": {
			func(log *slog.Logger) { log.Log(t.Context(), slog.LevelInfo+1, "so so") },
			map[string]any{"@level": "info", "@message": "so so"},
		},
		"attributes don't replace keys that the host reads": {
			func(log *slog.Logger) { log.Error("no", "level", 3, "time", "noon", "@message", 5, "@level", "off") },
			map[string]any{"@level": "error", "@message": "no", "time": "noon", "message": 5.0, "level": "off"},
		},
		"groups keep their keys": {
			func(log *slog.Logger) { log.WithGroup("g").Info("hi", "msg", "x", "@level", "y") },
			map[string]any{"@level": "info", "@message": "hi", "g": map[string]any{"msg": "x", "@level": "y"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			tc.log(slog.New(newLogHandler(&b)))
			var got map[string]any
			if err := json.Unmarshal(b.Bytes(), &got); err != nil {
				t.Fatalf("%q: %v", b.String(), err)
			}
			at, _ := got["@timestamp"].(string)
			if _, err := time.Parse(hclog.TimeFormatJSON, at); err != nil {
				t.Error(err)
			}
			delete(got, "@timestamp")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
