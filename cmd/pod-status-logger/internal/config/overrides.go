package config

import "errors"

// Overrides are the flags that are no keys of the file.
type Overrides struct {
	// Kubeconfig and Context say where the cluster is found, like kubectl's.
	Kubeconfig, Context string
	// Pace and Repeat are those of the demo.
	Pace   string
	Repeat bool

	plugins       []string // names of --plugins
	allNamespaces bool     // -A, which wins over the namespaces of the file
}

// Options are a configuration, and what only flags and environment say.
type Options struct {
	Config
	Overrides
}

// DefaultOptions returns what holds where the user says nothing.
func DefaultOptions() Options {
	return Options{Config: Default(), Overrides: Overrides{Pace: "400ms"}}
}

func (o *Options) validate() error {
	return errors.Join(o.Config.Validate(), errorOf(ParseDuration("pace", o.Pace, 0)))
}
