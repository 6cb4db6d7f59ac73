package cli

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// property is a value in the schema of the chart's values.
type property struct {
	Properties map[string]property
	Items      *property
}

// keys are those of the values below this one, as keysOf names them.
func (p property) keys(parent string) (keys []string) {
	for name, child := range p.Properties {
		if len(child.Properties) > 0 {
			keys = append(keys, child.keys(parent+name+".")...)
			continue
		}
		keys = append(keys, parent+name)
	}
	slices.Sort(keys)
	return keys
}

// keyNames returns the names of the keys in config, a pointer to a struct.
func keyNames(config any) (names []string) {
	for _, k := range keysOf(reflect.ValueOf(config).Elem(), "") {
		name, _, _ := strings.Cut(k.name, ",") // omitempty
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestChartSchema: the chart has the keys of the configuration file, except for those
// that it sets itself.
func TestChartSchema(t *testing.T) {
	var schema property
	if err := json.Unmarshal([]byte(readDoc(t, "deploy/helm/pod-status-logger/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	inChart := schema.Properties["config"]
	want := keyNames(new(config.Config))
	for _, own := range []string{"apiVersion", "kind", "state.dir", "telemetry.listen"} {
		i := slices.Index(want, own)
		if i < 0 {
			t.Fatalf("the configuration has no key %s any more", own)
		}
		want = slices.Delete(want, i, i+1)
	}
	if diff := cmp.Diff(want, inChart.keys("")); diff != "" {
		t.Errorf("values.schema.json: config has these keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(keyNames(new(config.PluginConfig)), inChart.Properties["plugins"].Items.keys("")); diff != "" {
		t.Errorf("values.schema.json: an entry of config.plugins has these keys (-want +got):\n%s", diff)
	}
}
