package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// TestCollectorFields: otel-collector.yaml maps every key on stdout to its OTLP attribute,
// and none of them to a label.
func TestCollectorFields(t *testing.T) {
	config := readDoc(t, "otel-collector.yaml")
	_, keys, _ := strings.Cut(config, `"^(label[.])?((?:label[.])*(?i:`)
	keys, _, _ = strings.Cut(keys, "|(?:")
	var want, overOTLP []string
	for _, f := range record.Fields() {
		if f.Place != record.Own {
			overOTLP = append(overOTLP, strings.ReplaceAll(f.OTLP, ".", "[.]"))
		}
		if f.Key == "" {
			continue
		}
		want = append(want, f.Key)
		statement := fmt.Sprintf("set(log.attributes[%q], log.body[%q])", f.OTLP, f.Key)
		if f.Place != record.Own && !strings.Contains(config, statement) {
			t.Errorf("otel-collector.yaml does not have %s", statement)
		}
		if f.Place == record.Resource &&
			!regexp.MustCompile(`keys: \[.*\b`+regexp.QuoteMeta(f.OTLP)+`\b`).MatchString(config) {
			t.Errorf("otel-collector.yaml does not group by %s", f.OTLP)
		}
	}
	if all := strings.Join(append(want, overOTLP...), "|"); keys != all {
		t.Errorf("otel-collector.yaml has the keys\n%s\nand the table of fields\n%s", keys, all)
	}
}
