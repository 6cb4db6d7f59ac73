package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// EnvPrefix begins the environment variable of every flag.
const EnvPrefix = "POD_STATUS_LOGGER_"

// FlagFile is the one flag that is no option: where the file is.
const FlagFile = "config"

// ClusterFlags are the flags about where the pods are, named like kubectl's.
func ClusterFlags(fs *pflag.FlagSet, c *Options) {
	fs.StringVar(&c.Kubeconfig, "kubeconfig", c.Kubeconfig, "kubeconfig `file`; default: $KUBECONFIG, ~/.kube/config, or the cluster that the program runs in")
	fs.StringVar(&c.Context, "context", c.Context, "`name` of the kubeconfig context; default: the current one")
	fs.VarP(&list{values: &c.Watch.Namespaces}, "namespace", "n", "watch only these `namespaces`, separated by commas; default: all")
	fs.BoolVarP(&c.allNamespaces, "all-namespaces", "A", c.allNamespaces, "watch all namespaces, whatever the file says")
	fs.StringVarP(&c.Watch.Selector, "selector", "l", c.Watch.Selector, "watch only pods with such labels: a label `selector`, such as app=web,tier!=cache")
	fs.Var(&choice{&c.Watch.Initial, []string{"create", "none"}}, "initial", "what to tell of pods that exist at the first start: their creation, or nothing")
}

// ListenFlag is the flag about where the program tells of itself.
func ListenFlag(fs *pflag.FlagSet, c *Options) {
	fs.StringVar(&c.Telemetry.Listen, "listen", c.Telemetry.Listen, "`address` of /metrics, /livez and /readyz; empty: none")
}

// PprofFlag is the flag about what it tells there to who looks for its faults.
func PprofFlag(fs *pflag.FlagSet, c *Options) {
	fs.BoolVar(&c.Telemetry.Pprof, "pprof", c.Telemetry.Pprof, "serve profiles under /debug/pprof/ at the address of --listen")
}

// StateFlag is the flag about where the journal is.
func StateFlag(fs *pflag.FlagSet, c *Options) {
	fs.StringVar(&c.State.Dir, "state-dir", c.State.Dir, "`folder` of the journal, from which the program resumes after a restart; default: none, the journal is in memory")
}

// OutputFlags are the flags about what becomes of records.
func OutputFlags(fs *pflag.FlagSet, c *Options) {
	fs.VarP(&choice{&c.Stdout.Format, []string{"json", "pretty"}}, "output", "o", "format of records on stdout; pretty is for people at a terminal")
	fs.BoolVar(&c.Stdout.Enabled, "stdout", c.Stdout.Enabled, "write records to stdout; --stdout=false: don't")
	fs.Var(&choice{&c.Watch.Updates, []string{"changes", "all"}}, "updates", "which updates of pods to tell: changes, or each new version")
	fs.BoolVar(&c.Service.FromLabels, "service-from-labels", c.Service.FromLabels, "derive service.name and service.version also from the app.kubernetes.io labels")
	fs.StringVar(&c.OTLP.Endpoint, "otlp-endpoint", c.OTLP.Endpoint, "`URL` of the OTLP receiver; default: $OTEL_EXPORTER_OTLP_ENDPOINT, else none")
	fs.Var(&choice{&c.OTLP.Protocol, []string{"grpc", "http/protobuf"}}, "otlp-protocol", "how to speak to the OTLP receiver; default: $OTEL_EXPORTER_OTLP_PROTOCOL, else grpc")
	fs.BoolVar(&c.Telemetry.OTLP, "otlp-metrics", c.Telemetry.OTLP, "send metrics to the OTLP receiver, too; default: as $OTEL_METRICS_EXPORTER says, else not")
	fs.StringVar((*string)(&c.State.MaxSize), "state-max-size", string(c.State.MaxSize), "`bytes` of records that may wait in the journal; default: 256Mi where it is in a folder, else 64Mi")
	fs.Var(&choice{&c.State.WhenFull, []string{whenFullBlock, whenFullDrop}}, "state-when-full", "what to do when the journal is full: have the watch wait, or drop the oldest records")
	fs.StringVar((*string)(&c.ShutdownTimeout), "shutdown-timeout", string(c.ShutdownTimeout), "how long (a `duration`) to go on after a signal to write and send what is there")
}

// CommonFlags are the flags of all commands that read the configuration.
func CommonFlags(fs *pflag.FlagSet, c *Options) {
	fs.StringVar(&c.Cluster, "cluster-name", c.Cluster, "`name` of the cluster in records; default: k8s.cluster.name in OTEL_RESOURCE_ATTRIBUTES")
	fs.Var(&list{values: &c.plugins}, "plugins", "run only these of the configured and built-in plugins (`names`, separated by commas), in this order; or none")
	fs.Var(&choice{&c.Log.Level, []string{"debug", "info", "warn", "error"}}, "log-level", "`level` of the program's own log on stderr: debug, info, warn or error")
	fs.String(FlagFile, "", "configuration `file`")
}

// DemoFlags are the flags of the demo alone.
func DemoFlags(fs *pflag.FlagSet, c *Options) {
	fs.StringVar(&c.Pace, "pace", c.Pace, "pause between two events, a `duration`")
	fs.BoolVar(&c.Repeat, "repeat", c.Repeat, "go on with new pods and versions until stopped")
}

// BindAll binds the flags of all options.
func BindAll(fs *pflag.FlagSet, c *Options) {
	for _, bind := range []func(*pflag.FlagSet, *Options){ClusterFlags, ListenFlag, PprofFlag, StateFlag, OutputFlags, CommonFlags, DemoFlags} {
		bind(fs, c)
	}
}

// Resolve returns the configuration that the flags, the environment, the file
// and the defaults make together; each wins over the ones after it.
func Resolve(c Options, flags *pflag.FlagSet, lookup func(string) (string, bool)) (Options, error) {
	path := configPath(flags, lookup)
	if path != "" {
		if err := loadFile(path, &c.Config); err != nil {
			return c, err
		}
		c.heed(lookup)
	}
	c.heedMetrics(lookup)
	options := pflag.NewFlagSet("", pflag.ContinueOnError)
	BindAll(options, &c)

	var errs []error
	options.VisitAll(func(o *pflag.Flag) {
		f := flags.Lookup(o.Name)
		if f == nil { // not an option of this command
			return
		}
		if f.Changed {
			errs = append(errs, o.Value.Set(f.Value.String()))
			return
		}
		value, _ := lookup(EnvName(o.Name))
		if value == "" { // as with OTEL_ variables, the same as unset
			return
		}
		if err := o.Value.Set(value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q: %w", EnvName(o.Name), value, err))
		}
	})
	if c.allNamespaces && (flags.Changed("all-namespaces") || !flags.Changed("namespace")) {
		c.Watch.Namespaces = []string{}
	}
	if c.plugins != nil { // an empty list was given, too
		errs = append(errs, c.choosePlugins(c.plugins))
	}
	if err := errors.Join(errs...); err != nil {
		return c, err
	}
	c.State.fill()
	if err := c.validate(); err != nil && path != "" {
		return c, fmt.Errorf("flags, environment and %s: %w", path, err)
	} else if err != nil {
		return c, err
	}
	return c, nil
}

// heed lets the standard variables win over the file.
func (c *Options) heed(lookup func(string) (string, bool)) {
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") {
		c.OTLP.Endpoint = ""
	}
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL") {
		c.OTLP.Protocol = ""
	}
	if shared, err := SharedResource(lookup); err == nil && ClusterOf(shared) != "" {
		c.Cluster = ""
	}
}

// IsSet reports whether any of these variables is set to something.
func IsSet(lookup func(string) (string, bool), names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		value, _ := lookup(name)
		return value != ""
	})
}

// IsGiven tells whether a flag or its environment variable says something.
func IsGiven(flags *pflag.FlagSet, lookup func(string) (string, bool), flag string) bool {
	return flags.Changed(flag) || IsSet(lookup, EnvName(flag))
}

func configPath(flags *pflag.FlagSet, lookup func(string) (string, bool)) string {
	if f := flags.Lookup(FlagFile); f != nil && f.Changed {
		return f.Value.String()
	}
	path, _ := lookup(EnvName(FlagFile))
	return path
}

// EnvName returns the environment variable of a flag.
func EnvName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// choice is a flag with few allowed values.
type choice struct {
	value   *string
	allowed []string
}

func (c *choice) String() string { return *c.value }

// Type is what help shows in the place of a value.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

// Values are those that the flag takes.
func (c *choice) Values() []string { return c.allowed }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("must be one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = s
	return nil
}

// list is a flag with values separated by commas, or given several times. The
// first one replaces what was there.
type list struct {
	values *[]string
	set    bool
}

func (l *list) String() string { return strings.Join(*l.values, ",") }
func (l *list) Type() string   { return "list" }

func (l *list) Set(s string) error {
	if !l.set {
		*l.values, l.set = []string{}, true
	}
	if s != "" {
		*l.values = append(*l.values, strings.Split(s, ",")...)
	}
	return nil
}
