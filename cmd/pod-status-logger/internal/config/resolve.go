package config

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// A value comes from the first of these that has it: the flag, its environment
// variable, the standard OTEL_ variables, the file, the default. An empty variable
// counts as unset, as with the OTEL_ variables.

// Resolve returns the options that flags, environment, file and defaults make
// together. Flags that the command lacks are ignored, in the environment as well.
func Resolve(defaults Options, flags *pflag.FlagSet, lookup Lookup) (Options, error) {
	o := defaults
	path := filePath(flags, lookup)
	if path != "" {
		if err := loadFile(path, &o.Config); err != nil {
			return o, err
		}
		o.preferStandard(lookup)
	}
	o.setExporters(lookup)
	if err := o.set(flags, lookup); err != nil {
		return o, err
	}
	o.State.setDefaultSize()
	if err := o.validate(); err != nil && path != "" {
		return o, fmt.Errorf("flags, environment and %s: %w", path, err)
	} else if err != nil {
		return o, err
	}
	return o, nil
}

// set sets the options of the flags that are given, or whose variables are.
func (o *Options) set(flags *pflag.FlagSet, lookup Lookup) error {
	options := pflag.NewFlagSet("", pflag.ContinueOnError)
	BindAll(options, o)
	var errs []error
	options.VisitAll(func(option *pflag.Flag) {
		flag := flags.Lookup(option.Name)
		if flag == nil { // the command lacks it
			return
		}
		if flag.Changed {
			errs = append(errs, option.Value.Set(flag.Value.String()))
			return
		}
		name := EnvName(option.Name)
		value, _ := lookup(name)
		if value == "" {
			return
		}
		if err := option.Value.Set(value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q: %w", name, value, err))
		}
	})
	if o.allNamespaces && (flags.Changed("all-namespaces") || !flags.Changed("namespace")) {
		o.Watch.Namespaces = []string{}
	}
	if o.plugins != nil { // it may be given and empty
		errs = append(errs, o.choosePlugins(o.plugins))
	}
	return errors.Join(errs...)
}

// preferStandard removes values of the file that standard variables override.
func (o *Options) preferStandard(lookup Lookup) {
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") {
		o.OTLP.Endpoint = ""
	}
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL") {
		o.OTLP.Protocol = ""
	}
	if shared, err := SharedResource(lookup); err == nil && ClusterOf(shared) != "" {
		o.Cluster = ""
	}
}

// IsGiven reports whether a flag or its environment variable is set.
func IsGiven(flags *pflag.FlagSet, lookup Lookup, flag string) bool {
	return flags.Changed(flag) || IsSet(lookup, EnvName(flag))
}

func filePath(flags *pflag.FlagSet, lookup Lookup) string {
	if f := flags.Lookup(FlagFile); f != nil && f.Changed {
		return f.Value.String()
	}
	path, _ := lookup(EnvName(FlagFile))
	return path
}
