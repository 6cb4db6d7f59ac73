// Package config is what a user configures: the file, the flags, the environment,
// and which of them wins.
package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

// The version and kind that a configuration file has to name.
const (
	configVersion = "podstatus/v1alpha1"
	configKind    = "Config"
)

// Config is what a user writes: in a file, as flags, in the environment.
type Config struct {
	// APIVersion has to be podstatus/v1alpha1.
	APIVersion string `json:"apiVersion"`
	// Kind has to be Config.
	Kind string `json:"kind"`

	// Cluster is the name of the cluster in records. Default: k8s.cluster.name
	// in OTEL_RESOURCE_ATTRIBUTES, else none.
	Cluster string `json:"cluster"`

	Watch     WatchConfig     `json:"watch"`
	Stdout    StdoutConfig    `json:"stdout"`
	OTLP      OTLPConfig      `json:"otlp"`
	Service   ServiceConfig   `json:"service"`
	State     StateConfig     `json:"state"`
	Telemetry TelemetryConfig `json:"telemetry"`
	Log       LogConfig       `json:"log"`

	// Plugins add to records, in this order. Default: the built-in bundle;
	// an empty list: none.
	Plugins []PluginConfig `json:"plugins"`

	// ShutdownTimeout is how long the program goes on after a signal to write
	// and send what it has. Default: 10s.
	ShutdownTimeout text `json:"shutdownTimeout"`
}

// WatchConfig says which pods are watched, and what is worth a record.
type WatchConfig struct {
	// Namespaces to watch; empty: all. Each is a watch of its own.
	Namespaces []string `json:"namespaces"`
	// Selector is a label selector, such as app=web,tier!=cache.
	Selector string `json:"selector"`
	// Updates is changes, or all for a record for every new version of a pod.
	Updates string `json:"updates"`
	// Initial is create to tell of the pods that exist at the first start, or none.
	Initial string `json:"initial"`
}

// StdoutConfig says what is written to stdout.
type StdoutConfig struct {
	Enabled bool `json:"enabled"`
	// Format is json, or pretty for people at a terminal.
	Format string `json:"format"`
}

// OTLPConfig says where records are sent. What is empty is as the standard
// OTEL_EXPORTER_OTLP_* variables say.
type OTLPConfig struct {
	// Endpoint is a URL; empty, also in the environment: nothing is sent.
	Endpoint string `json:"endpoint"`
	// Protocol is grpc (the default) or http/protobuf.
	Protocol string `json:"protocol"`
}

// ServiceConfig says how the OpenTelemetry service of a pod is derived.
type ServiceConfig struct {
	// FromLabels takes the labels app.kubernetes.io/instance, name and version
	// into account.
	FromLabels bool `json:"fromLabels"`
}

// StateConfig says where the journal is kept from which the program resumes, and
// bounds the records in it that wait to be sent.
type StateConfig struct {
	// Dir is the folder of the journal. Empty: in memory, for this run only.
	Dir string `json:"dir"`
	// MaxSize is how many bytes of records may wait, such as 64Mi. Default: 256Mi
	// in a folder, 64Mi in memory.
	MaxSize text `json:"maxSize"`
	// WhenFull is block, and the watch waits until there is room, or drop-oldest.
	WhenFull string `json:"whenFull"`
}

// The values of state.whenFull.
const (
	whenFullBlock = "block"
	whenFullDrop  = "drop-oldest"
)

// DropsOldest reports whether a full journal drops records instead of blocking.
func (s *StateConfig) DropsOldest() bool { return s.WhenFull == whenFullDrop }

// TelemetryConfig says where the program tells of itself.
type TelemetryConfig struct {
	// Listen is the address of /metrics, /livez and /readyz; empty: none.
	Listen string `json:"listen"`
	// Pprof serves profiles there, under /debug/pprof/.
	Pprof bool `json:"pprof"`
	// OTLP has the metrics sent to the OTLP receiver, too. Default: as
	// OTEL_METRICS_EXPORTER says, else not.
	OTLP bool `json:"otlp"`
}

// LogConfig is about the program's own log on stderr.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `json:"level"`
}

// Default returns what holds where the user says nothing.
func Default() Config {
	return Config{
		APIVersion:      configVersion,
		Kind:            configKind,
		Watch:           WatchConfig{Namespaces: []string{}, Updates: "changes", Initial: "create"},
		Stdout:          StdoutConfig{Enabled: true, Format: "json"},
		State:           StateConfig{WhenFull: whenFullBlock},
		Telemetry:       TelemetryConfig{Listen: "127.0.0.1:9464"},
		Log:             LogConfig{Level: "info"},
		Plugins:         DefaultPlugins(),
		ShutdownTimeout: "10s",
	}
}

// Validate returns all that is wrong with the configuration, each error with
// the key's name and what would be right.
func (c *Config) Validate() error {
	return errors.Join(
		oneOf("apiVersion", c.APIVersion, configVersion),
		oneOf("kind", c.Kind, configKind),
		c.Watch.validate(),
		oneOf("stdout.format", c.Stdout.Format, "json", "pretty"),
		oneOf("otlp.protocol", c.OTLP.Protocol, "", "grpc", "http/protobuf"),
		c.State.validate(),
		validateListen(c.Telemetry.Listen),
		oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error"),
		validatePlugins(c.Plugins),
		errorOf(ParseDuration("shutdownTimeout", string(c.ShutdownTimeout), 1)),
	)
}

func (w *WatchConfig) validate() error {
	var errs []error
	for i, ns := range w.Namespaces {
		if len(validation.IsDNS1123Label(ns)) > 0 {
			errs = append(errs, fmt.Errorf("watch.namespaces[%d]: %q is no namespace: want at most %d of a-z, 0-9 and -, such as my-shop", i, ns, validation.DNS1123LabelMaxLength))
		}
		if slices.Contains(w.Namespaces[:i], ns) {
			errs = append(errs, fmt.Errorf("watch.namespaces[%d]: %q is there twice", i, ns))
		}
	}
	if _, err := labels.Parse(w.Selector); err != nil {
		errs = append(errs, fmt.Errorf("watch.selector: %q is no label selector such as app=web,tier!=cache: %w", w.Selector, err))
	}
	errs = append(errs,
		oneOf("watch.updates", w.Updates, "changes", "all"),
		oneOf("watch.initial", w.Initial, "create", "none"))
	return errors.Join(errs...)
}

func (s *StateConfig) validate() error {
	var errs []error
	if _, err := s.Bytes(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, oneOf("state.whenFull", s.WhenFull, whenFullBlock, whenFullDrop))...)
}

// Defaults of state.maxSize.
const (
	sizeOnDisk   = "256Mi"
	sizeInMemory = "64Mi"
)

// fill says how large the journal may get, where the user does not.
func (s *StateConfig) fill() {
	switch {
	case s.MaxSize != "":
	case s.Dir != "":
		s.MaxSize = sizeOnDisk
	default:
		s.MaxSize = sizeInMemory
	}
}

// WatchedNamespaces returns the namespace of each watch, "" for one of all of them.
func (c *Config) WatchedNamespaces() []string {
	if len(c.Watch.Namespaces) == 0 {
		return []string{""}
	}
	return c.Watch.Namespaces
}

const (
	minJournal = 1 << 20 // has room for a group of long records
	maxSize    = 1 << 40 // fits into a machine
)

// Bytes returns the size of the journal.
func (s StateConfig) Bytes() (int64, error) {
	s.fill()
	return quantity("state.maxSize", string(s.MaxSize), minJournal, maxSize)
}

// quantity reads a number of bytes such as 64Mi.
func quantity(key, value string, least, most int64) (int64, error) {
	q, err := resource.ParseQuantity(value)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is no quantity such as 64Mi", key, value)
	}
	if q.CmpInt64(least) < 0 || q.CmpInt64(most) > 0 {
		return 0, fmt.Errorf("%s: %s is not between %s and %s", key, value,
			resource.NewQuantity(least, resource.BinarySI), resource.NewQuantity(most, resource.BinarySI))
	}
	return q.Value(), nil
}

// GracePeriod returns how long to go on after a signal.
func (c *Config) GracePeriod() time.Duration {
	d, _ := ParseDuration("shutdownTimeout", string(c.ShutdownTimeout), 1) // validated before
	return d
}

func validateListen(address string) error {
	if address == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port) //nolint:noctx // looks into a table
	}
	if err != nil {
		return fmt.Errorf("telemetry.listen: %q is no address such as 127.0.0.1:9464 or :9464", address)
	}
	return nil
}

// ParseDuration reads the value of a key such as 10s, of which the error has the name.
func ParseDuration(key, value string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is no duration such as 10s", key, value)
	}
	if d < least && least >= time.Millisecond {
		return 0, fmt.Errorf("%s: %s is too short; the least is %v", key, value, least)
	}
	if d < least {
		return 0, fmt.Errorf("%s: %s is too short; 10s is a duration", key, value)
	}
	return d, nil
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
