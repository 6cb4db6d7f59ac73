package enrichertest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
)

// shouter is a plugin with a bug: plugins must not use capitals in keys.
type shouter struct{}

func (shouter) Describe() enricher.Description {
	return enricher.Description{Name: "shouter", Version: "1.0.0"}
}

func (shouter) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	p.SetString("POD", r.GetPod().GetName())
	return nil
}

// printer stands in for the *testing.T of a plugin's test, and prints its errors.
type printer struct{}

func (printer) Helper()                           {}
func (printer) Logf(string, ...any)               {}
func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// A test checks a plugin against all rules, and fails with the rules that it breaks.
func ExampleTest() {
	var t printer
	o := enrichertest.Options{Timeout: time.Minute, StartTimeout: time.Minute} // for a busy machine
	enrichertest.Test(t, func() enricher.Enricher { return shouter{} }, o)
	// Output:
	// rule attributes: patch 1 of 64: attribute "shouter.POD" has a character other than a-z, 0-9 and ._-/
}

// The summary of a report counts the outcomes. Print also writes a line for each rule.
func ExampleReport_Summary() {
	report := enrichertest.Report{Results: []enrichertest.Result{
		{Rule: "describe", Outcome: enrichertest.Passed},
		{Rule: "order", Outcome: enrichertest.NotChecked, Why: "all its patches are the same"},
		{Rule: "attributes", Outcome: enrichertest.Broken, Why: "the key has a capital letter"},
	}}
	fmt.Println(report.Summary())
	// Output:
	// 1 rules passed, 1 not checked, 1 broken: attributes
}
