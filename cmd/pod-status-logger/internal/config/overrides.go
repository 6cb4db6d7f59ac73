package config

import "errors"

// Overrides are the flags that the file has no keys for.
type Overrides struct {
	// Kubeconfig and Context locate the cluster, like the flags of kubectl.
	Kubeconfig, Context string
	// Pace and Repeat are for the demo.
	Pace   string
	Repeat bool

	plugins       []string // names of --plugins
	allNamespaces bool     // overrides the namespaces of the file
}

// Options are a configuration with its overrides.
type Options struct {
	Config
	Overrides
}

// DefaultOptions returns the options without file, flags and environment.
func DefaultOptions() Options {
	return Options{Config: Default(), Overrides: Overrides{Pace: "400ms"}}
}

func (o *Options) validate() error {
	return errors.Join(o.Validate(), errorOf(ParseDuration("pace", o.Pace, 0)))
}
