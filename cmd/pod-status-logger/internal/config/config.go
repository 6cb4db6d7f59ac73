// Package config reads the configuration of the program: the file, the flags and the
// environment, and their precedence. It starts nothing.
package config

import "time"

// The version and kind that a configuration file has to name.
const (
	configVersion = "podstatus/v1alpha1"
	configKind    = "Config"
)

// Config is what a user configures, in a file, by flags or in the environment.
type Config struct {
	// APIVersion must be podstatus/v1alpha1.
	APIVersion string `json:"apiVersion"`
	// Kind must be Config.
	Kind string `json:"kind"`

	// Cluster is the name of the cluster in records. Default: k8s.cluster.name
	// in OTEL_RESOURCE_ATTRIBUTES, else none.
	Cluster string `json:"cluster"`

	Watch  WatchConfig  `json:"watch"`
	Events EventsConfig `json:"events"`

	// Workloads also watches the Deployments, StatefulSets, DaemonSets and Jobs of the
	// watched namespaces, for records of rollouts and conditions. This takes the right to
	// list and watch them.
	Workloads bool `json:"workloads"`

	Stdout    StdoutConfig    `json:"stdout"`
	OTLP      OTLPConfig      `json:"otlp"`
	Service   ServiceConfig   `json:"service"`
	State     StateConfig     `json:"state"`
	Telemetry TelemetryConfig `json:"telemetry"`
	Log       LogConfig       `json:"log"`

	// Plugins add attributes to records, in this order. Default: the built-in
	// bundle; an empty list: no plugin.
	Plugins []PluginConfig `json:"plugins"`

	// ShutdownTimeout is the maximum time for delivering pending records after a
	// signal. Default: 10s.
	ShutdownTimeout text `json:"shutdownTimeout"`
}

// WatchConfig selects pods, and the changes that records are emitted for.
type WatchConfig struct {
	// Namespaces to watch, each by a watch of its own; empty: all, by one watch.
	Namespaces []string `json:"namespaces"`
	// Selector is a label selector, such as app=web,tier!=cache.
	Selector string `json:"selector"`
	// Updates is changes, or all for a record for every new version of a pod.
	Updates string `json:"updates"`
	// Initial is create to emit records for pods that exist at the first start,
	// or none.
	Initial string `json:"initial"`
}

// EventsConfig selects Events of Kubernetes to emit records of.
type EventsConfig struct {
	// Enabled watches the Events of the watched namespaces, which requires permission
	// to list and watch events.
	Enabled bool `json:"enabled"`
	// Reasons are patterns with * and ?, such as Failed*, or !Pulled to exclude a
	// reason. Empty: every reason.
	Reasons []string `json:"reasons"`
	// Types are Normal, Warning, or both. Empty: both.
	Types []string `json:"types"`
	// MaxTracked is the maximum number of tracked Events, at about 40 bytes each.
	// Default: 100000.
	MaxTracked int `json:"maxTracked"`
}

// StdoutConfig configures the lines on stdout.
type StdoutConfig struct {
	Enabled bool `json:"enabled"`
	// Format is json, or pretty for terminals.
	Format string `json:"format"`
}

// OTLPConfig configures the OTLP receiver. The standard OTEL_EXPORTER_OTLP_*
// variables replace empty values.
type OTLPConfig struct {
	// Endpoint is a URL; empty, also in the environment: nothing is sent.
	Endpoint string `json:"endpoint"`
	// Protocol is grpc (the default) or http/protobuf.
	Protocol string `json:"protocol"`
	// Traces also sends spans of rollouts and pods. Default: if OTEL_TRACES_EXPORTER
	// contains otlp.
	Traces bool `json:"traces"`
}

// ServiceConfig configures the OpenTelemetry service of pods.
type ServiceConfig struct {
	// FromLabels also uses the labels app.kubernetes.io/instance, name and
	// version.
	FromLabels bool `json:"fromLabels"`
}

// StateConfig configures the journal: the pending records, and the state from which
// the program resumes.
type StateConfig struct {
	// Dir is the directory of the journal; empty: in memory, for this run only.
	Dir string `json:"dir"`
	// MaxSize is the maximum number of bytes of pending records, such as 64Mi.
	// Default: 256Mi in a directory, 64Mi in memory.
	MaxSize text `json:"maxSize"`
	// WhenFull is block to block the watch until there is room, or drop-oldest.
	WhenFull string `json:"whenFull"`
}

// The values of state.whenFull.
const (
	whenFullBlock = "block"
	whenFullDrop  = "drop-oldest"
)

// The defaults of state.maxSize.
const (
	sizeOnDisk   = "256Mi"
	sizeInMemory = "64Mi"
)

// TelemetryConfig configures metrics, health and profiles of the program.
type TelemetryConfig struct {
	// Listen is the address of /metrics, /livez and /readyz; empty: none.
	Listen string `json:"listen"`
	// Pprof serves profiles there, under /debug/pprof/.
	Pprof bool `json:"pprof"`
	// OTLP also sends the metrics to the OTLP receiver. Default: if
	// OTEL_METRICS_EXPORTER contains otlp.
	OTLP bool `json:"otlp"`
}

// LogConfig configures the program's own log on stderr.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `json:"level"`
}

// Default returns the configuration without file, flags and environment.
func Default() Config {
	return Config{
		APIVersion:      configVersion,
		Kind:            configKind,
		Watch:           WatchConfig{Namespaces: []string{}, Updates: "changes", Initial: "create"},
		Events:          EventsConfig{Reasons: []string{}, Types: []string{}, MaxTracked: 100_000},
		Stdout:          StdoutConfig{Enabled: true, Format: "json"},
		State:           StateConfig{WhenFull: whenFullBlock},
		Telemetry:       TelemetryConfig{Listen: "127.0.0.1:9464"},
		Log:             LogConfig{Level: "info"},
		Plugins:         DefaultPlugins(),
		ShutdownTimeout: "10s",
	}
}

// WatchedNamespaces returns the namespace of each watch, "" for one of all namespaces.
func (c *Config) WatchedNamespaces() []string {
	if len(c.Watch.Namespaces) == 0 {
		return []string{""}
	}
	return c.Watch.Namespaces
}

// GracePeriod returns the shutdown timeout of a valid configuration.
func (c *Config) GracePeriod() time.Duration {
	d, _ := ParseDuration("shutdownTimeout", string(c.ShutdownTimeout), 1)
	return d
}

// Bytes returns the maximum size of the journal.
func (s StateConfig) Bytes() (int64, error) {
	s.setDefaultSize()
	return quantity("state.maxSize", string(s.MaxSize), minJournal, maxSize)
}

// DropsOldest reports whether a full journal drops records instead of blocking.
func (s StateConfig) DropsOldest() bool { return s.WhenFull == whenFullDrop }

func (s *StateConfig) setDefaultSize() {
	switch {
	case s.MaxSize != "":
	case s.Dir != "":
		s.MaxSize = sizeOnDisk
	default:
		s.MaxSize = sizeInMemory
	}
}
