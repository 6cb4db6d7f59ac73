package config

import (
	"slices"
	"strings"
)

// Lookup finds the value of an environment variable, like os.LookupEnv.
type Lookup = func(name string) (string, bool)

// EnvPrefix is the beginning of the environment variable of every flag.
const EnvPrefix = "POD_STATUS_LOGGER_"

// EnvName returns the environment variable of a flag.
func EnvName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// IsSet reports whether any of the variables is set and not empty.
func IsSet(lookup Lookup, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		value, _ := lookup(name)
		return value != ""
	})
}
