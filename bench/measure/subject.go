// Package measure runs programs side by side against a scripted API server and an OTLP sink,
// and measures their cost and speed.
package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/debug"
	"github.com/pod-status-logger/pod-status-logger/bench/process"
)

// Subject is a program that is measured.
type Subject struct {
	Name string
	// Lines and Sends report whether stdout and the sink have a record of each event. A program
	// with neither prints its progress on stdout.
	Lines, Sends bool
	// Quiet is for how long there may be nothing to see of it although it has
	// something left to do.
	Quiet   time.Duration
	command func(site) process.Command
	mallocs func(address string) (float64, error) // nil: unknown
}

// site contains the addresses and files of a program.
type site struct {
	bin     string // folder of the programs
	dir     string // its own
	sink    string // address
	address string // that it may listen at
}

// The subjects.
//
//nolint:gochecknoglobals // Never changed.
var (
	Stdout   = ours("stdout", false, "none")
	Both     = ours("stdout+otlp", true, "none")
	Journal  = ours("stdout+otlp+journal", true, "none", "--state-dir=state")
	Bundle   = ours("stdout+otlp+bundle", true, "bundle")
	Informer = Subject{
		Name: "informer", Lines: true, Sends: true, Quiet: 1500 * time.Millisecond, command: informer, mallocs: varsMallocs,
	}
	K8sobjects = Subject{Name: "k8sobjects", Sends: true, Quiet: time.Second, command: k8sobjects}
	Decode     = Subject{Name: "decode", Quiet: quiet, command: helper("decode"), mallocs: varsMallocs}
	Frames     = Subject{Name: "frames", Quiet: quiet, command: helper("frames"), mallocs: varsMallocs}
)

const quiet = 400 * time.Millisecond

// All are the subjects in the order of tables.
func All() []Subject {
	return []Subject{Stdout, Both, Journal, Bundle, K8sobjects, Informer, Decode, Frames}
}

func ours(name string, sends bool, plugins string, args ...string) Subject {
	return Subject{
		Name: name, Lines: true, Sends: sends, Quiet: quiet, mallocs: metricsMallocs,
		command: func(s site) process.Command {
			c := process.Command{
				Path: filepath.Join(s.bin, "pod-status-logger"),
				Args: append([]string{"--plugins=" + plugins, "--listen=" + s.address}, args...),
			}
			if sends {
				c.Env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + s.sink}
			}
			return c
		},
	}
}

func informer(s site) process.Command {
	c := helper("informer")(s)
	c.Env = append(c.Env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+s.sink)
	return c
}

func helper(name string) func(site) process.Command {
	return func(s site) process.Command {
		return process.Command{Path: filepath.Join(s.bin, name), Env: []string{debug.Variable + "=" + s.address}}
	}
}

// collectorConfig is as the documentation of the receiver has it, but without
// what costs the Collector more than others: compression, and metrics of its own.
const collectorConfig = `
receivers:
  k8sobjects:
    auth_type: kubeConfig
    objects: [{name: pods, mode: watch}]
processors:
  batch:
exporters:
  otlp:
    endpoint: %s
    compression: none
    tls: {insecure: true}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [k8sobjects], processors: [batch], exporters: [otlp]}
`

func k8sobjects(s site) process.Command {
	path := filepath.Join(s.dir, "collector.yaml")
	text := fmt.Sprintf(collectorConfig, s.sink)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(fmt.Errorf("write configuration: %w", err)) // a folder that was just made
	}
	return process.Command{Path: filepath.Join(s.bin, "k8sobjects"), Args: []string{"--config=file:" + path}}
}
