package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
)

// PluginConfig is an entry of the list of plugins.
type PluginConfig struct {
	// Name is the plugin's own name, the prefix of its attributes.
	Name string `json:"name"`
	// Builtin is the name of a plugin that is part of the program.
	Builtin string `json:"builtin,omitempty"`
	// Isolate runs a built-in plugin as a process, and not within the program.
	Isolate bool `json:"isolate,omitempty"`
	// Command is the absolute path of the plugin's executable.
	Command string `json:"command,omitempty"`
	// Args are the arguments of the command.
	Args []string `json:"args,omitempty"`
	// SHA256 is the checksum of the executable, in 64 hex digits. A warning is
	// logged for a command without it.
	SHA256 string `json:"sha256,omitempty"`
	// Timeout is the maximum duration of a call with a batch of records. Default:
	// 200ms, 10s within the program.
	Timeout text `json:"timeout,omitempty"`
	// Env are the names of the environment variables to pass to the process. It
	// gets no others.
	Env []string `json:"env,omitempty"`
	// AutoMTLS is false for processes without mutual TLS. Default: true.
	AutoMTLS *bool `json:"autoMTLS,omitempty"`
	// AllowSuppress lets the plugin suppress records.
	AllowSuppress bool `json:"allowSuppress,omitempty"`
	// MaxMemory is the resident memory at which the process is restarted, on Linux.
	// Default: 256Mi.
	MaxMemory text `json:"maxMemory,omitempty"`
	// Config is passed to the plugin.
	Config json.RawMessage `json:"config,omitempty"`
}

// InProcess reports whether the plugin runs within the program.
func (p *PluginConfig) InProcess() bool { return p.Builtin != "" && !p.Isolate }

// DefaultPluginTimeout is the default of [PluginConfig.Timeout] for a process.
const DefaultPluginTimeout = "200ms"

// inProcessTimeout is the default within the program. Only a fault of the plugin is
// that slow; neither a busy machine is, nor a garbage collection.
const inProcessTimeout = "10s"

const defaultPluginMemory = "256Mi"

// BuiltinBundle is the plugin that finds the bundle that shipped a pod.
const BuiltinBundle = "bundle"

// BuiltinNames returns the names of the plugins that are part of the program.
func BuiltinNames() []string { return []string{BuiltinBundle} }

// DefaultPlugins returns the plugins of a configuration without a list of them.
func DefaultPlugins() []PluginConfig {
	return []PluginConfig{{Name: BuiltinBundle, Builtin: BuiltinBundle}}
}

// choosePlugins keeps the plugins with these names, in this order. Built-in ones need
// not be configured.
func (c *Config) choosePlugins(names []string) error {
	if slices.Equal(names, []string{"none"}) {
		c.Plugins = []PluginConfig{}
		return nil
	}
	chosen := []PluginConfig{}
	known := append(slices.Clone(c.Plugins), DefaultPlugins()...)
	for _, name := range names {
		if name == "none" {
			return errors.New("plugins: none excludes other names")
		}
		i := slices.IndexFunc(known, func(p PluginConfig) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("plugins: unknown plugin %q (known plugins: %s; none for no plugin)",
				name, strings.Join(PluginNames(known), ", "))
		}
		chosen = append(chosen, known[i])
	}
	c.Plugins = chosen
	return nil
}

// PluginNames returns the names of the plugins, without duplicates.
func PluginNames(plugins []PluginConfig) (names []string) {
	for _, p := range plugins {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

// WithDefaults returns the plugins with their empty values replaced by the defaults.
func WithDefaults(plugins []PluginConfig) []PluginConfig {
	plugins = slices.Clone(plugins)
	for i := range plugins {
		p := &plugins[i]
		p.Timeout = text(p.timeoutText())
		if !p.InProcess() {
			p.MaxMemory = text(p.memoryText())
		}
	}
	return plugins
}

func (p *PluginConfig) timeoutText() string {
	if p.InProcess() {
		return cmp.Or(string(p.Timeout), inProcessTimeout)
	}
	return cmp.Or(string(p.Timeout), DefaultPluginTimeout)
}

func (p *PluginConfig) memoryText() string { return cmp.Or(string(p.MaxMemory), defaultPluginMemory) }

// object returns the JSON of a plugin's configuration, that of an empty one if there
// is none.
func object(config json.RawMessage) string {
	if len(config) == 0 || string(config) == "null" {
		return "{}"
	}
	return string(config)
}

// CallTimeout returns the timeout of a valid plugin.
func (p *PluginConfig) CallTimeout() time.Duration {
	d, _ := ParseDuration("timeout", p.timeoutText(), 0)
	return d
}

// Spec returns the plugin as its host starts it as a process.
func (p *PluginConfig) Spec(lookup Lookup, cluster string) pluginhost.Spec {
	memory, _ := quantity("maxMemory", p.memoryText(), 0, maxSize)
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
