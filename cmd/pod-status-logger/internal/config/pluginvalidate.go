package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

const (
	minPluginMemory  = 16 << 20
	minPluginTimeout = time.Millisecond
	maxPluginTimeout = time.Minute // records wait as long
)

func validatePlugins(plugins []PluginConfig) error {
	var errs []error
	for i := range plugins {
		p, key := &plugins[i], fmt.Sprintf("plugins[%d]", i)
		if slices.ContainsFunc(plugins[:i], func(other PluginConfig) bool { return other.Name == p.Name }) {
			errs = append(errs, fmt.Errorf("%s.name: %q is listed twice", key, p.Name))
		}
		errs = append(errs, p.validate(key))
	}
	return errors.Join(errs...)
}

func (p *PluginConfig) validate(key string) error {
	return errors.Join(
		at(key+".name", record.CheckPluginName(p.Name)),
		p.validateProgram(key),
		checkTimeout(key+".timeout", p.timeoutText()),
		p.validateProcess(key),
		at(key+".config", CheckObject(p.Config)))
}

// at puts a key before an error.
func at(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", key, err)
}

// validateProgram checks the command or the built-in plugin.
func (p *PluginConfig) validateProgram(key string) error {
	var errs []error
	switch {
	case p.Builtin == "" && p.Command == "":
		errs = append(errs, fmt.Errorf("%s: set builtin or command", key))
	case p.Builtin != "" && p.Command != "":
		errs = append(errs, fmt.Errorf("%s: builtin and command exclude each other", key))
	case p.Builtin != "" && (len(p.Args) > 0 || p.SHA256 != ""):
		errs = append(errs, fmt.Errorf("%s: args and sha256 are for a command, not for a builtin", key))
	case p.Builtin != "":
		errs = append(errs, oneOf(key+".builtin", p.Builtin, BuiltinNames()...))
	case p.Isolate:
		errs = append(errs, fmt.Errorf("%s.isolate: is for a builtin; a command is always a process", key))
	}
	spec := p.Spec(func(string) (string, bool) { return "", false }, "")
	spec.Name = "" // validated with its own key
	if err := spec.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("%s.%w", key, err))
	}
	return errors.Join(errs...)
}

// validateProcess checks the keys for processes.
func (p *PluginConfig) validateProcess(key string) error {
	if p.InProcess() {
		return errors.Join(
			needsProcess(key+".env", len(p.Env) > 0),
			needsProcess(key+".autoMTLS", p.AutoMTLS != nil),
			needsProcess(key+".maxMemory", p.MaxMemory != ""))
	}
	var errs []error
	errs = append(errs, errorOf(quantity(key+".maxMemory", p.memoryText(), minPluginMemory, maxSize)))
	for i, name := range p.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			errs = append(errs, fmt.Errorf("%s.env[%d]: %q is not the name of a variable; "+
				"its value comes from the environment", key, i, name))
		}
	}
	return errors.Join(errs...)
}

func needsProcess(key string, set bool) error {
	if !set {
		return nil
	}
	return fmt.Errorf("%s: is for a process; set isolate: true to run the builtin as one", key)
}

func checkTimeout(key, value string) error {
	d, err := ParseDuration(key, value, minPluginTimeout)
	if err == nil && d > maxPluginTimeout {
		return fmt.Errorf("%s: %s is too long, as records wait for the plugin; the maximum is 1m", key, value)
	}
	return err
}

// CheckObject returns an error if a plugin's configuration is not a JSON object.
func CheckObject(config json.RawMessage) error {
	var value any
	if err := json.Unmarshal([]byte(object(config)), &value); err != nil {
		return fmt.Errorf("want keys and values, got invalid JSON: %w", err)
	}
	var got string
	switch value.(type) {
	case map[string]any:
		return nil
	case []any:
		got = "a list"
	case string:
		got = "a string"
	case bool:
		got = "true or false"
	default:
		got = "a number"
	}
	return fmt.Errorf("want keys and values, got %s", got)
}
