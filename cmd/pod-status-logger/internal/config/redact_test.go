package config

import (
	"encoding/json"
	"testing"
)

// TestHostileEndpoints: nothing secret shows of an endpoint, malformed or not.
func TestHostileEndpoints(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                                "",
		"collector:4317":                  "collector:4317",
		"http://collector:4318/v1/logs":   "http://collector:4318/v1/logs",
		"https://me:pw@collector:4318/":   "https://***@collector:4318/",
		"https://token@collector":         "https://***@collector",
		"https://me:p@ss@collector":       "https://***@collector",
		"https://collector/?key=s3cret&b": "https://collector/?key=***&***",
		"me:pw@collector:4317":            "***@collector:4317",
		"https://me:%zz@collector?a=b=c":  "https://***@collector?a=***",
	} {
		c := Config{OTLP: OTLPConfig{Endpoint: endpoint}}
		if got := c.Redact().OTLP.Endpoint; got != want {
			t.Errorf("%q becomes %q, want %q", endpoint, got, want)
		}
	}
}

// TestRedactPlugins: keys of a plugin's configuration stay, as does all of a built-in
// one's, and the configuration itself.
func TestRedactPlugins(t *testing.T) {
	const given = `{"a":"x","b":[1,{"c":"y"}],"d":true,"e":null}`
	c := Config{Plugins: []PluginConfig{
		{Name: "team", Command: "/plugins/team", Config: json.RawMessage(given)},
		{Name: "bundle", Builtin: "bundle", Config: json.RawMessage(given)},
		{Name: "none", Command: "/plugins/none"},
	}}
	for i, want := range []string{`{"a":"***","b":["***",{"c":"***"}],"d":true,"e":null}`, given, ""} {
		if got := string(c.Redact().Plugins[i].Config); got != want {
			t.Errorf("%s: %s, want %s", c.Plugins[i].Name, got, want)
		}
	}
	if got := string(c.Plugins[0].Config); got != given {
		t.Errorf("the configuration itself is %s", got)
	}
}
