package enrichertest_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
)

func TestBrokenPlugins(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a hundred processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for behaviour, rule := range faulty.Rules() {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting
			o := enrichertest.Options{Timeout: faulty.Patience(behaviour)}
			if behaviour == "silent" {
				o.StartTimeout = time.Second
			}
			args := faulty.Args(behaviour, filepath.Join(t.TempDir(), "lock"))
			report, err := enrichertest.Verify(t.Context(), launch(t, self, args...), o)
			if err != nil {
				t.Fatal(err)
			}
			var broken []string
			for _, r := range report.Broken() {
				broken = append(broken, r.Rule)
				t.Log(r)
			}
			if !slices.Equal(broken, []string{rule}) {
				t.Errorf("broken: %v, want %s only", broken, rule)
				_ = report.Print(t.Output())
			}
		})
	}
}

// TestEveryRuleIsBroken checks that each rule fails for at least one plugin.
func TestEveryRuleIsBroken(t *testing.T) {
	broken := slices.Collect(maps.Values(faulty.Rules()))
	for _, rule := range rulesOf(t) {
		if !slices.Contains(broken, rule) {
			t.Errorf("no faulty plugin breaks %s", rule)
		}
	}
}

// rulesOf returns the names of all rules.
func rulesOf(t *testing.T) (names []string) {
	t.Helper()
	report, err := enrichertest.Verify(t.Context(), func(context.Context) (enrichertest.Process, error) {
		return nil, errors.New("no plugin")
	}, enrichertest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		names = append(names, r.Rule)
	}
	return names
}

func TestGoodPlugin(t *testing.T) {
	var reported []string
	report, err := enrichertest.Verify(t.Context(), launch(t, build(t, "good")), enrichertest.Options{
		Config: `{"key":"a"}`, BadConfig: `{"key":5}`,
		Each: func(r enrichertest.Result) { reported = append(reported, r.Rule) },
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = report.Print(t.Output())
	for _, r := range report.Results {
		if r.Outcome != enrichertest.Passed && r.Rule != "errors" { // it has none with ordinary records
			t.Errorf("%s: %s", r.Rule, r.Why)
		}
	}
	if !slices.Equal(reported, rulesOf(t)) {
		t.Errorf("reported %v", reported)
	}
}
