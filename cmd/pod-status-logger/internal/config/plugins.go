package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// PluginConfig is an entry of the list of plugins.
type PluginConfig struct {
	// Name is what the plugin calls itself. Its attributes begin with it.
	Name string `json:"name"`
	// Builtin names a plugin that is part of the program.
	Builtin string `json:"builtin,omitempty"`
	// Command is the absolute path of the plugin's executable.
	Command string `json:"command,omitempty"`
	// Args are the arguments of the command.
	Args []string `json:"args,omitempty"`
	// SHA256 of the executable: 64 hex digits. A command without is warned about.
	SHA256 string `json:"sha256,omitempty"`
	// Timeout is how long a batch of records may take. Default: 200ms.
	Timeout text `json:"timeout,omitempty"`
	// Env are the names of the environment variables that the plugin gets. It
	// gets no others.
	Env []string `json:"env,omitempty"`
	// AutoMTLS is false for plugins that can't speak it. Default: true.
	AutoMTLS *bool `json:"autoMTLS,omitempty"`
	// AllowSuppress lets the plugin keep records from being emitted.
	AllowSuppress bool `json:"allowSuppress,omitempty"`
	// MaxMemory is the resident memory at which the plugin is started anew, on
	// Linux. Default: 256Mi.
	MaxMemory text `json:"maxMemory,omitempty"`
	// Config is for the plugin.
	Config json.RawMessage `json:"config,omitempty"`
}

// DefaultPluginTimeout is how long a batch of records may take where the user says nothing.
const DefaultPluginTimeout = "200ms"

// BuiltinBundle is the name of the plugin that finds the bundle that shipped a pod.
const BuiltinBundle = "bundle"

// BuiltinNames are the names of the plugins that are part of the program.
func BuiltinNames() []string { return []string{BuiltinBundle} }

const (
	defaultPluginMemory = "256Mi"
	minPluginMemory     = 16 << 20
	minPluginTimeout    = time.Millisecond
	maxPluginTimeout    = time.Minute // records wait that long
)

// DefaultPlugins are those that run where the user says nothing.
func DefaultPlugins() []PluginConfig {
	return []PluginConfig{{Name: BuiltinBundle, Builtin: BuiltinBundle}}
}

// choosePlugins leaves the plugins with these names, in this order. Built-in ones
// need not be configured.
func (c *Config) choosePlugins(names []string) error {
	if slices.Equal(names, []string{"none"}) {
		c.Plugins = []PluginConfig{}
		return nil
	}
	chosen := []PluginConfig{}
	known := append(slices.Clone(c.Plugins), DefaultPlugins()...)
	for _, name := range names {
		if name == "none" {
			return errors.New("plugins: none stands alone; leave it out to run the others")
		}
		i := slices.IndexFunc(known, func(p PluginConfig) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("plugins: there is no plugin %q; the names there are: %s; and none stands for no plugin", name, strings.Join(PluginNames(known), ", "))
		}
		chosen = append(chosen, known[i])
	}
	c.Plugins = chosen
	return nil
}

// PluginNames returns the names of the plugins, each once.
func PluginNames(plugins []PluginConfig) (names []string) {
	for _, p := range plugins {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

func validatePlugins(plugins []PluginConfig) error {
	var errs []error
	for i := range plugins {
		p, key := &plugins[i], fmt.Sprintf("plugins[%d]", i)
		if slices.ContainsFunc(plugins[:i], func(other PluginConfig) bool { return other.Name == p.Name }) {
			errs = append(errs, fmt.Errorf("%s.name: %q is there twice", key, p.Name))
		}
		errs = append(errs, p.validate(key))
	}
	return errors.Join(errs...)
}

func (p *PluginConfig) validate(key string) error {
	var errs []error
	add := func(sub string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s.%s: %w", key, sub, err))
		}
	}
	add("name", record.CheckPluginName(p.Name))
	switch {
	case p.Builtin == "" && p.Command == "":
		errs = append(errs, fmt.Errorf("%s: neither builtin nor command says what to run", key))
	case p.Builtin != "" && p.Command != "":
		errs = append(errs, fmt.Errorf("%s: builtin and command exclude each other", key))
	case p.Builtin != "" && (len(p.Args) > 0 || p.SHA256 != ""):
		errs = append(errs, fmt.Errorf("%s: args and sha256 are for a command, not for a builtin", key))
	case p.Builtin != "":
		errs = append(errs, oneOf(key+".builtin", p.Builtin, BuiltinNames()...))
	}
	spec := p.Spec(func(string) (string, bool) { return "", false }, "")
	spec.Name = "" // which has been looked at
	if err := spec.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("%s.%w", key, err))
	}
	errs = append(errs, checkTimeout(key+".timeout", p.timeoutText()), errorOf(quantity(key+".maxMemory", p.memoryText(), minPluginMemory, maxSize)))
	for i, name := range p.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			errs = append(errs, fmt.Errorf("%s.env[%d]: %q is no name of a variable; its value is taken from the environment", key, i, name))
		}
	}
	add("config", CheckObject(p.Config))
	return errors.Join(errs...)
}

func checkTimeout(key, value string) error {
	d, err := ParseDuration(key, value, minPluginTimeout)
	if err == nil && d > maxPluginTimeout {
		return fmt.Errorf("%s: %s is too long, since records wait for the plugin; the most is 1m", key, value)
	}
	return err
}

// CheckObject refuses a configuration that is not of keys and values.
func CheckObject(config json.RawMessage) error {
	var value any
	if err := json.Unmarshal([]byte(object(config)), &value); err != nil {
		return fmt.Errorf("want keys and values, got what is no JSON: %w", err)
	}
	var got string
	switch value.(type) {
	case map[string]any:
		return nil
	case []any:
		got = "a list"
	case string:
		got = "a text"
	case bool:
		got = "true or false"
	default:
		got = "a number"
	}
	return fmt.Errorf("want keys and values, got %s", got)
}

// object returns the configuration of a plugin, that of none where it is empty.
func object(config json.RawMessage) string {
	if len(config) == 0 || string(config) == "null" {
		return "{}"
	}
	return string(config)
}

func (p *PluginConfig) timeoutText() string { return orDefault(p.Timeout, DefaultPluginTimeout) }
func (p *PluginConfig) memoryText() string  { return orDefault(p.MaxMemory, defaultPluginMemory) }

// WithDefaults returns the plugins with what holds where an entry says nothing.
func WithDefaults(plugins []PluginConfig) []PluginConfig {
	plugins = slices.Clone(plugins)
	for i := range plugins {
		p := &plugins[i]
		p.Timeout, p.MaxMemory = text(p.timeoutText()), text(p.memoryText())
	}
	return plugins
}

func orDefault(value text, fallback string) string {
	if value == "" {
		return fallback
	}
	return string(value)
}

// CallTimeout is how long a batch of records may take.
func (p *PluginConfig) CallTimeout() time.Duration {
	d, _ := ParseDuration("timeout", p.timeoutText(), 0) // validated before
	return d
}

// Spec is what the host of plugins has to know.
func (p *PluginConfig) Spec(lookup func(string) (string, bool), cluster string) pluginhost.Spec {
	memory, _ := quantity("maxMemory", p.memoryText(), 0, maxSize) // validated
	spec := pluginhost.Spec{
		Name:      p.Name,
		Command:   p.Command,
		Args:      p.Args,
		SHA256:    p.SHA256,
		PlainText: p.AutoMTLS != nil && !*p.AutoMTLS,
		Config:    object(p.Config),
		Cluster:   cluster,
		MaxMemory: memory,
	}
	if p.Builtin != "" {
		spec.Args = []string{"plugin", "serve", p.Builtin}
	}
	for _, name := range p.Env {
		if value, ok := lookup(name); ok {
			spec.Env = append(spec.Env, name+"="+value)
		}
	}
	return spec
}
