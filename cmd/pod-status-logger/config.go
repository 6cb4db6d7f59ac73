package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

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

	// ShutdownTimeout is how long the program goes on after a signal to write
	// and send what it has. Default: 10s.
	ShutdownTimeout metav1.Duration `json:"shutdownTimeout"`

	// Where the cluster is found; flags only, like kubectl's.
	kubeconfig, context string
	// allNamespaces is -A. It wins over the namespaces of the file.
	allNamespaces bool
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

// StateConfig bounds the journal of records that wait to be sent.
type StateConfig struct {
	// Dir is where the journal is kept. Empty, the only value so far: in memory.
	Dir string `json:"dir"`
	// MaxSize is the size of the journal in bytes, such as 64Mi.
	MaxSize resource.Quantity `json:"maxSize"`
	// WhenFull is block, the only value so far: the watch waits until there is room.
	WhenFull string `json:"whenFull"`
}

// TelemetryConfig says where the program tells of itself.
type TelemetryConfig struct {
	// Listen is the address of /metrics, /livez and /readyz; empty: none.
	Listen string `json:"listen"`
}

// LogConfig is about the program's own log on stderr.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `json:"level"`
}

// DefaultConfig returns what holds where the user says nothing.
func DefaultConfig() Config {
	return Config{
		APIVersion:      configVersion,
		Kind:            configKind,
		Watch:           WatchConfig{Namespaces: []string{}, Updates: "changes", Initial: "create"},
		Stdout:          StdoutConfig{Enabled: true, Format: "json"},
		State:           StateConfig{MaxSize: resource.MustParse("64Mi"), WhenFull: "block"},
		Telemetry:       TelemetryConfig{Listen: "127.0.0.1:9464"},
		Log:             LogConfig{Level: "info"},
		ShutdownTimeout: metav1.Duration{Duration: 10 * time.Second},
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
		positive("shutdownTimeout", c.ShutdownTimeout.Duration),
	)
}

func (w *WatchConfig) validate() error {
	var errs []error
	for i, ns := range w.Namespaces {
		if problems := validation.IsDNS1123Label(ns); len(problems) > 0 {
			errs = append(errs, fmt.Errorf("watch.namespaces[%d]: %q is no namespace: %s", i, ns, problems[0]))
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
	if s.Dir != "" {
		errs = append(errs, fmt.Errorf("state.dir: %q: this version keeps its state in memory only; leave it empty", s.Dir))
	}
	if size := s.MaxSize.Value(); size < minJournal {
		errs = append(errs, fmt.Errorf("state.maxSize: %s is less than 1Mi", s.MaxSize.String()))
	}
	return errors.Join(append(errs, oneOf("state.whenFull", s.WhenFull, "block"))...)
}

// minJournal is room for one group of long records.
const minJournal = 1 << 20

func validateListen(address string) error {
	if address == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("telemetry.listen: %q is no address such as 127.0.0.1:9464 or :9464", address)
	}
	return nil
}

func positive(key string, d time.Duration) error {
	if d > 0 {
		return nil
	}
	return fmt.Errorf("%s: %v is not more than zero, such as 10s", key, d)
}

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
