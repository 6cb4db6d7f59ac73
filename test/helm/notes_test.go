package helm

import (
	"strings"
	"testing"
)

// TestNotes checks that the notes after an installation match its values.
func TestNotes(t *testing.T) {
	const nothingSent, onStdout, claim = "Records are not sent over OTLP", "Read the records on its stdout", "get pvc"
	const receiver = ",extraEnv[0].name=OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,extraEnv[0].value=http://collector:4317/v1/logs"
	for name, c := range map[string]struct {
		set       string
		want, not []string
	}{
		"by default":              {"mode=statefulset", []string{nothingSent, onStdout, claim}, nil},
		"a Deployment":            {"mode=deployment", []string{nothingSent, onStdout, "starts over"}, []string{claim}},
		"the receiver is a value": {"config.otlp.endpoint=collector:4317", []string{onStdout}, []string{nothingSent}},
		"the receiver is a variable": {
			"config.stdout.enabled=false" + receiver, []string{"has no records"}, []string{nothingSent, onStdout},
		},
		"it may be in a Secret": {"extraEnvFrom[0].secretRef.name=otlp", []string{onStdout}, []string{nothingSent}},
	} {
		t.Run(name, func(t *testing.T) {
			_, notes, _ := strings.Cut(helm(t, "v4").must("install", "r", chart, "--dry-run=client", "--set", c.set), "NOTES:")
			for _, want := range c.want {
				if !strings.Contains(notes, want) {
					t.Errorf("the notes lack %q:\n%s", want, notes)
				}
			}
			for _, not := range c.not {
				if strings.Contains(notes, not) {
					t.Errorf("the notes have %q:\n%s", not, notes)
				}
			}
		})
	}
}
