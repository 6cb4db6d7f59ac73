//go:build e2e

package pipeline

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// onlyOverOTLP are the fields that a line on stdout lacks, and that can't be derived from the
// others. docs/collector.md has the same list.
var onlyOverOTLP = map[string]string{
	record.AttrServiceName:     "from annotations and owners",
	record.AttrServiceNS:       "likewise",
	record.AttrServiceVersion:  "likewise",
	record.AttrServiceInstance: "likewise",
	record.AttrDeployment:      "from owners",
	record.AttrReplicaSet:      "likewise",
	record.AttrStatefulSet:     "likewise",
	record.AttrDaemonSet:       "likewise",
	record.AttrJob:             "likewise",
	record.AttrCronJob:         "likewise",
	record.AttrPodReason:       "a container's record does not have its pod's reason",
	"deployment.environment":   "an attribute of OTEL_RESOURCE_ATTRIBUTES",
	"Flags":                    "whether the trace is sampled",
	"ScopeVersion":             "the logger's version",
}

// TestBothWays checks that the Collector reads the same records from the logger's container
// that it receives over OTLP, field by field, except the list above.
func TestBothWays(t *testing.T) {
	lines, overOTLP := recorded(t)
	for key := range onlyOverOTLP {
		if !slices.ContainsFunc(slices.Collect(maps.Values(overOTLP)), func(e entry) bool { return e.has(key) }) {
			t.Errorf("no record has %s: it need not be in the list, or there is a case missing", key)
		}
	}
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			compare(t, overOTLP, throughContainer(t, format(lines), len(overOTLP)))
		})
	}
}

// TestDropped checks the same for records that announce dropped ones. They have no pod.
func TestDropped(t *testing.T) {
	store := otlptest.New(t, otlptest.Options{HTTP: true})
	c := newCollector(t, store.URL())
	l := start(t, c.otlp(), loggerProgram, "replay", "--config", typedPlugin(t),
		"--state-when-full=drop-oldest", "--state-max-size=4Mi", "--shutdown-timeout=2m", longRecording(t))
	wait.Until(t, "the logger drops records",
		func() bool { return strings.Contains(l.log(), "the oldest records were dropped") })
	c.start()
	l.wait()
	all := []byte(l.Output(t))
	wait.Until(t, "the store has the last record", func() bool {
		return slices.ContainsFunc(taken(store),
			func(e entry) bool { return e.seq() == int64(bytes.Count(all, []byte("\n"))) })
	})
	c.stop()
	overOTLP := stored(t, store)
	if !slices.ContainsFunc(slices.Collect(maps.Values(overOTLP)),
		func(e entry) bool { return e.has(record.AttrDropped) }) {
		t.Error("no record announces dropped ones")
	}
	compare(t, overOTLP, throughContainer(t, cri(all, 16<<10), bytes.Count(all, []byte("\n"))))
}

// compare reports records that differ between OTLP and stdout.
func compare(t *testing.T, overOTLP, fromStdout map[string]entry) {
	t.Helper()
	for id, want := range overOTLP {
		got, ok := fromStdout[id]
		if !ok {
			t.Errorf("record %s is not there: %v", id, want)
			continue
		}
		if diff := cmp.Diff(expected(want, got), got); diff != "" {
			t.Errorf("record %s (-over OTLP +from stdout):\n%s", id, diff)
		}
	}
}

// recorded runs all recordings through one logger. It returns the logger's lines, and a
// Collector's entries for the same records over OTLP.
func recorded(t *testing.T) ([]byte, map[string]entry) {
	t.Helper()
	store := otlptest.New(t, otlptest.Options{HTTP: true})
	c := newCollector(t, store.URL())
	c.start()
	env := append(c.otlp(), "OTEL_RESOURCE_ATTRIBUTES=deployment.environment=test")
	lines := run(t, env, loggerProgram, "replay", "--config", typedPlugin(t), "--cluster-name", "staging", recording(t))
	want := bytes.Count(lines, []byte("\n"))
	wait.Until(t, "the store has all records", func() bool { return len(taken(store)) >= want })
	c.stop()
	return lines, stored(t, store)
}

// throughContainer returns a Collector's entries for a log file of the logger's container.
func throughContainer(t *testing.T, file []byte, want int) map[string]entry {
	t.Helper()
	store := otlptest.New(t, otlptest.Options{HTTP: true})
	c := newCollector(t, store.URL())
	write(t, c.container(), file)
	c.start()
	wait.Until(t, "the store has all records", func() bool { return len(taken(store)) >= want })
	c.stop()
	return stored(t, store)
}

// expected returns the expected entry from stdout for a record over OTLP.
func expected(e, got entry) entry {
	e = entry{Resource: maps.Clone(e.Resource), Attributes: maps.Clone(e.Attributes), Own: maps.Clone(e.Own)}
	for key := range onlyOverOTLP {
		delete(e.Resource, key)
		delete(e.Attributes, key)
		if _, ok := e.Own[key]; ok {
			e.Own[key] = got.Own[key]
		}
	}
	for key, value := range e.Attributes {
		if f, ok := value.(float64); ok && f == math.Trunc(f) && !strings.Contains(key, "huge") {
			e.Attributes[key] = int64(f) // JSON has one kind of numbers
		}
	}
	if got.Attributes["podstatus.truncated"] == true {
		cut(&e, got)
	}
	return e
}

// cut shortens a record in the same way as the line that was too long.
func cut(e *entry, got entry) {
	e.Attributes["podstatus.truncated"] = true
	info, _ := got.Attributes[record.AttrInfo].(string)
	if whole, ok := e.Attributes[record.AttrInfo].(string); ok && strings.HasPrefix(whole, info) {
		e.Attributes[record.AttrInfo] = info
	}
	for key := range e.Attributes {
		if _, ok := got.Attributes[key]; !ok && strings.HasPrefix(key, record.AttrLabelPrefix) {
			delete(e.Attributes, key)
		}
	}
}
