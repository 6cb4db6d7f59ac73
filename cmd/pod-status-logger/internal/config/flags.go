package config

import "github.com/spf13/pflag"

// FlagFile is the flag that names the configuration file.
const FlagFile = "config"

// ClusterFlags binds the flags that select a cluster and pods. Their names are those
// of kubectl.
func ClusterFlags(fs *pflag.FlagSet, o *Options) {
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig,
		"kubeconfig `file`; default: $KUBECONFIG, ~/.kube/config, or the cluster of the program's own pod")
	fs.StringVar(&o.Context, "context", o.Context,
		"`name` of the kubeconfig context; default: the current one")
	fs.VarP(&list{values: &o.Watch.Namespaces}, "namespace", "n",
		"watch only these `namespaces`, separated by commas; default: all")
	fs.BoolVarP(&o.allNamespaces, "all-namespaces", "A", o.allNamespaces,
		"watch all namespaces, even if the file names some")
	fs.StringVarP(&o.Watch.Selector, "selector", "l", o.Watch.Selector,
		"watch only pods that match this label `selector`, such as app=web,tier!=cache")
	fs.BoolVar(&o.Events.Enabled, "events", o.Events.Enabled,
		"also emit records of Kubernetes Events about pods and the objects that own them")
	fs.BoolVar(&o.Workloads, "workloads", o.Workloads,
		"also emit records of rollouts and conditions of Deployments, StatefulSets, DaemonSets and Jobs")
	fs.Var(&choice{&o.Watch.Initial, []string{"create", "none"}}, "initial",
		"records to emit for pods that exist at the first start")
}

// ListenFlag binds the flag of the address of metrics and health.
func ListenFlag(fs *pflag.FlagSet, o *Options) {
	fs.StringVar(&o.Telemetry.Listen, "listen", o.Telemetry.Listen,
		"`address` of /metrics, /livez and /readyz; empty: none")
}

// PprofFlag binds the flag of profiles.
func PprofFlag(fs *pflag.FlagSet, o *Options) {
	fs.BoolVar(&o.Telemetry.Pprof, "pprof", o.Telemetry.Pprof,
		"serve profiles under /debug/pprof/ at the address of --listen")
}

// StateFlag binds the flag of the state directory.
func StateFlag(fs *pflag.FlagSet, o *Options) {
	fs.StringVar(&o.State.Dir, "state-dir", o.State.Dir,
		"`directory` of the journal, from which a restarted program resumes; default: none, the journal is in memory")
}

// OutputFlags binds the flags of records and their delivery.
func OutputFlags(fs *pflag.FlagSet, o *Options) {
	fs.VarP(&choice{&o.Stdout.Format, []string{"json", "pretty"}}, "output", "o",
		"format of records on stdout; pretty is for terminals")
	fs.BoolVar(&o.Stdout.Enabled, "stdout", o.Stdout.Enabled,
		"write records to stdout; --stdout=false: do not")
	fs.Var(&choice{&o.Watch.Updates, []string{"changes", "all"}}, "updates",
		"updates that produce records; all: every new version of a pod")
	fs.BoolVar(&o.Service.FromLabels, "service-from-labels", o.Service.FromLabels,
		"derive service.name and service.version also from the app.kubernetes.io labels")
	fs.StringVar(&o.OTLP.Endpoint, "otlp-endpoint", o.OTLP.Endpoint,
		"`URL` of the OTLP receiver; default: $OTEL_EXPORTER_OTLP_ENDPOINT, else none")
	fs.Var(&choice{&o.OTLP.Protocol, []string{"grpc", "http/protobuf"}}, "otlp-protocol",
		"protocol of the OTLP receiver; default: $OTEL_EXPORTER_OTLP_PROTOCOL, else grpc")
	fs.BoolVar(&o.OTLP.Traces, "otlp-traces", o.OTLP.Traces,
		"also send spans of rollouts and pods to the OTLP receiver; default: if $OTEL_TRACES_EXPORTER contains otlp")
	fs.BoolVar(&o.Telemetry.OTLP, "otlp-metrics", o.Telemetry.OTLP,
		"also send metrics to the OTLP receiver; default: if $OTEL_METRICS_EXPORTER contains otlp")
	fs.StringVar((*string)(&o.State.MaxSize), "state-max-size", string(o.State.MaxSize),
		"maximum `bytes` of pending records in the journal; default: 256Mi in a directory, 64Mi in memory")
	fs.Var(&choice{&o.State.WhenFull, []string{whenFullBlock, whenFullDrop}}, "state-when-full",
		"what to do when the journal is full: block the watch, or drop the oldest records")
	fs.StringVar((*string)(&o.ShutdownTimeout), "shutdown-timeout", string(o.ShutdownTimeout),
		"maximum `duration` of the delivery of pending records after a signal")
}

// CommonFlags binds the flags of all commands that read the configuration.
func CommonFlags(fs *pflag.FlagSet, o *Options) {
	fs.StringVar(&o.Cluster, "cluster-name", o.Cluster,
		"`name` of the cluster in records; default: k8s.cluster.name in OTEL_RESOURCE_ATTRIBUTES")
	fs.Var(&list{values: &o.plugins}, "plugins",
		"run only these configured and built-in plugins (`names`, separated by commas), in this order; none: no plugin")
	fs.Var(&choice{&o.Log.Level, []string{"debug", "info", "warn", "error"}}, "log-level",
		"`level` of the program's own log on stderr: debug, info, warn or error")
	fs.String(FlagFile, "", "configuration `file`")
}

// PaceFlag binds the flag of the demo's speed.
func PaceFlag(fs *pflag.FlagSet, o *Options) {
	fs.StringVar(&o.Pace, "pace", o.Pace, "`duration` between two events")
}

// DemoFlags binds the flags of the demo.
func DemoFlags(fs *pflag.FlagSet, o *Options) {
	PaceFlag(fs, o)
	fs.BoolVar(&o.Repeat, "repeat", o.Repeat, "repeat with new pods and versions until stopped")
}

// BindAll binds all flags.
func BindAll(fs *pflag.FlagSet, o *Options) {
	for _, bind := range []func(*pflag.FlagSet, *Options){
		ClusterFlags, ListenFlag, PprofFlag, StateFlag, OutputFlags, CommonFlags, DemoFlags,
	} {
		bind(fs, o)
	}
}
