// Good is a plugin that keeps all rules, and gives occasion for each of them. It
// has all powers that a plugin can have.
package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

type good struct {
	log    *slog.Logger
	config struct {
		Key string `json:"key"`
	}
}

func (*good) Describe() enricher.Description {
	return enricher.Description{Name: "good", Version: "1.0.0"}
}

func (g *good) SetLogger(log *slog.Logger) { g.log = log }

func (g *good) Configure(config []byte) error { return enricher.Decode(config, &g.config) }

func (*good) NeedsLabels() []string { return []string{"app.kubernetes.io/name", "team"} }

func (*good) NeedsAnnotations() []string {
	return []string{"example.com/traceparent", "example.com/url"}
}

func (*good) NeedsOwners() (labels, annotations []string) {
	return []string{"app.kubernetes.io/name"}, []string{"example.com/revision"}
}

func (*good) PodOnly() {}

func (g *good) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	pod := r.GetPod()
	p.SetString("pod", pod.GetNamespace()+"/"+pod.GetName())
	p.SetBool("owned", len(pod.GetOwners()) > 0)
	p.SetInt("labels", int64(len(pod.GetLabels())))
	p.SetFloat("half", float64(len(pod.GetName()))/2)
	if url := pod.GetAnnotations()["example.com/url"]; url != "" {
		p.SetString("url", cut(url))
	}
	if len(pod.GetName()) == 253 {
		return errors.New("what a name")
	}
	return g.trace(pod.GetAnnotations()["example.com/traceparent"], p)
}

// trace passes on what looks well-formed: the version, and hex digits of the
// right number that are not all 0.
func (g *good) trace(parent string, p *enricher.Patch) error {
	if parent == "" {
		return nil
	}
	parts := strings.Split(parent, "-")
	if len(parts) != 4 || parts[0] != "00" || !hex(parts[1], 32) || !hex(parts[2], 16) || !hex(parts[3], 2) {
		g.log.Warn("malformed traceparent", "value", parent)
		return errors.New("malformed traceparent")
	}
	p.SetTraceContext(parent, "")
	return nil
}

func hex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == "" && (n == 2 || strings.Trim(s, "0") != "")
}

// cut keeps whole characters of at most 4 KiB.
func cut(s string) string {
	if len(s) <= 4<<10 {
		return s
	}
	n := 4 << 10
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (*good) Close() error { return nil }

func main() { enricher.Serve(&good{}) }
