package config

import (
	"encoding/json"
	"strings"
)

// Redacted stands for a secret.
const Redacted = "***"

// Redact returns the configuration without what may be secret: the user and the values
// of the query in the endpoint, and the values in the configuration of plugins that
// are not built in. Keys stay.
func (c Config) Redact() Config {
	c.OTLP.Endpoint = redactURL(c.OTLP.Endpoint)
	plugins := make([]PluginConfig, len(c.Plugins))
	for i, p := range c.Plugins {
		if p.Builtin == "" {
			p.Config = redactJSON(p.Config)
		}
		plugins[i] = p
	}
	c.Plugins = plugins
	return c
}

// redactURL works on text, so that nothing shows of a malformed URL either.
func redactURL(endpoint string) string {
	scheme, rest, ok := strings.Cut(endpoint, "://")
	if !ok {
		scheme, rest = "", endpoint
	} else {
		scheme += "://"
	}
	rest, query, hasQuery := strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = Redacted + rest[at:]
	}
	if !hasQuery {
		return scheme + rest
	}
	values := strings.Split(query, "&")
	for i, value := range values {
		if key, _, ok := strings.Cut(value, "="); ok {
			values[i] = key + "=" + Redacted
		} else {
			values[i] = Redacted
		}
	}
	return scheme + rest + "?" + strings.Join(values, "&")
}

// redactJSON replaces all values but lists, objects, true, false and null.
func redactJSON(config json.RawMessage) json.RawMessage {
	var value any
	if json.Unmarshal(config, &value) != nil { // empty: the configuration was validated
		return config
	}
	b, err := json.Marshal(redactValue(value))
	if err != nil {
		return nil
	}
	return b
}

func redactValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = redactValue(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = redactValue(inner)
		}
	case string, float64:
		return Redacted
	}
	return value
}
