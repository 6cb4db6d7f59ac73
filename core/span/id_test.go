package span_test

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/span"
)

// TestIDs: others compute the same ids with sha256sum. docs/traces.md has the rules.
func TestIDs(t *testing.T) {
	version := span.VersionTrace("helm/shop/cart", "2.4.0")
	for name, c := range map[string]struct{ got, text string }{
		"version": {version.String(), "\x0ehelm/shop/cart\x052.4.0"},
		"rollout": {span.ID(version, span.Rollout).String(), string(version[:]) + "rollout"},
		"started": {span.ID(version, span.RolloutStarted).String(), string(version[:]) + "rollout started"},
		"pod":     {span.PodID(version, "u").String(), string(version[:]) + "u"},
		"phase": {
			span.PhaseID(version, "u", span.Init, "setup", 2).String(), string(version[:]) + "u/init/setup/2",
		},
		"late":     {span.LateTrace("u").String(), "u/start"},
		"incident": {span.IncidentTrace("u", "app", 3).String(), "u/app/3/incident"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sha256sum")
			cmd.Stdin = strings.NewReader(c.text)
			want, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(want, []byte(c.got)) {
				t.Errorf("id %s, want the beginning of %s", c.got, want)
			}
		})
	}
	// As docs/bundles.md has it.
	if got := hex.EncodeToString(version[:]); got != "f055257ebf3d05d228f6c73dd6fa2e18" {
		t.Errorf("trace id %s", got)
	}
}
