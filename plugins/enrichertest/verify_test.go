package enrichertest_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
)

func TestBrokenPlugins(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a hundred processes")
	}
	executable := build(t, "broken")
	for name, rule := range brokenPlugins(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting
			o := enrichertest.Options{}
			if name == "silent" {
				o.StartTimeout = time.Second
			}
			report, err := enrichertest.Verify(t.Context(), launch(named(t, executable, name)), o)
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

// brokenPlugins returns which rule each of the broken plugins breaks.
func brokenPlugins(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/broken/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		rules[words[0]] = words[1]
	}
	return rules
}

// TestEveryRuleIsBroken sees to it that no rule passes whatever a plugin does.
func TestEveryRuleIsBroken(t *testing.T) {
	var untested []string
	broken := brokenPlugins(t)
	for _, rule := range rulesOf(t) {
		found := false
		for _, r := range broken {
			found = found || r == rule
		}
		if !found {
			untested = append(untested, rule)
		}
	}
	if len(untested) > 0 {
		t.Errorf("no plugin in testdata/broken breaks %v", untested)
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
	var told []string
	report, err := enrichertest.Verify(t.Context(), launch(build(t, "good")), enrichertest.Options{
		Config: `{"key":"a"}`, BadConfig: `{"key":5}`,
		Each: func(r enrichertest.Result) { told = append(told, r.Rule) },
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
	if !slices.Equal(told, rulesOf(t)) {
		t.Errorf("told of %v", told)
	}
}
