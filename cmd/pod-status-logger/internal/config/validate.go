package config

import (
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

const (
	minJournal = 1 << 20 // bytes that fit a commit group of long records
	maxSize    = 1 << 40 // more than machines have

	minTracked = 1000 // Events
	maxTracked = 10_000_000
)

// Validate returns all errors of the configuration. Each names the key and shows a
// valid value.
func (c *Config) Validate() error {
	return errors.Join(
		oneOf("apiVersion", c.APIVersion, configVersion),
		oneOf("kind", c.Kind, configKind),
		c.Watch.validate(),
		c.Events.validate(),
		oneOf("stdout.format", c.Stdout.Format, "json", "pretty"),
		oneOf("otlp.protocol", c.OTLP.Protocol, "", "grpc", "http/protobuf"),
		errorOf(c.State.Bytes()),
		oneOf("state.whenFull", c.State.WhenFull, whenFullBlock, whenFullDrop),
		validateListen(c.Telemetry.Listen),
		oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error"),
		validatePlugins(c.Plugins),
		errorOf(ParseDuration("shutdownTimeout", string(c.ShutdownTimeout), 1)),
	)
}

func (w *WatchConfig) validate() error {
	var errs []error
	for i, ns := range w.Namespaces {
		key := fmt.Sprintf("watch.namespaces[%d]", i)
		if len(validation.IsDNS1123Label(ns)) > 0 {
			errs = append(errs, fmt.Errorf("%s: %q is not a namespace such as my-shop: at most %d of a-z, 0-9 and -",
				key, ns, validation.DNS1123LabelMaxLength))
		}
		if slices.Contains(w.Namespaces[:i], ns) {
			errs = append(errs, fmt.Errorf("%s: %q is listed twice", key, ns))
		}
	}
	if _, err := labels.Parse(w.Selector); err != nil {
		errs = append(errs, fmt.Errorf("watch.selector: %q is not a label selector such as app=web,tier!=cache: %w",
			w.Selector, err))
	}
	errs = append(errs,
		oneOf("watch.updates", w.Updates, "changes", "all"),
		oneOf("watch.initial", w.Initial, "create", "none"))
	return errors.Join(errs...)
}

func (e *EventsConfig) validate() error {
	var errs []error
	for i, pattern := range e.Reasons {
		if _, err := path.Match(pattern, ""); err != nil || strings.Trim(pattern, "!") == "" {
			errs = append(errs, fmt.Errorf("events.reasons[%d]: %q is not a pattern such as Failed* or !Pulled", i, pattern))
		}
	}
	for i, typ := range e.Types {
		errs = append(errs, oneOf(fmt.Sprintf("events.types[%d]", i), typ, "Normal", "Warning"))
	}
	if e.MaxTracked < minTracked || e.MaxTracked > maxTracked {
		errs = append(errs, fmt.Errorf("events.maxTracked: %d is not between %d and %d",
			e.MaxTracked, minTracked, maxTracked))
	}
	return errors.Join(errs...)
}

func validateListen(address string) error {
	if address == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port) //nolint:noctx // reads a table, without the network
	}
	if err != nil {
		return fmt.Errorf("telemetry.listen: %q is not an address such as 127.0.0.1:9464 or :9464", address)
	}
	return nil
}

// quantity parses a number of bytes such as 64Mi.
func quantity(key, value string, least, most int64) (int64, error) {
	q, err := resource.ParseQuantity(value)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not a quantity such as 64Mi", key, value)
	}
	if q.CmpInt64(least) < 0 || q.CmpInt64(most) > 0 {
		return 0, fmt.Errorf("%s: %s is not between %s and %s", key, value,
			resource.NewQuantity(least, resource.BinarySI), resource.NewQuantity(most, resource.BinarySI))
	}
	return q.Value(), nil
}

// ParseDuration parses a duration such as 10s, the value of a key. The error names
// the key.
func ParseDuration(key, value string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %q is not a duration such as 10s", key, value)
	case d >= least:
		return d, nil
	case least < time.Millisecond: // it only excludes 0 or negative durations
		return 0, fmt.Errorf("%s: %s is too short; a valid duration is 10s", key, value)
	}
	return 0, fmt.Errorf("%s: %s is too short; the minimum is %v", key, value, least)
}

func errorOf[T any](_ T, err error) error { return err }

func oneOf(key, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
	if len(named) == 1 {
		return fmt.Errorf("%s: %q is not %s", key, value, named[0])
	}
	return fmt.Errorf("%s: %q is not one of %s", key, value, strings.Join(named, ", "))
}
