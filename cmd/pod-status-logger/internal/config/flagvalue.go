package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

var (
	_ pflag.Value = (*choice)(nil)
	_ pflag.Value = (*list)(nil)
)

// choice is a flag with few valid values.
type choice struct {
	value  *string
	values []string
}

// Choice returns the value of a flag with few valid values. Its default is the present value.
func Choice(value *string, values ...string) pflag.Value { return &choice{value, values} }

// Values returns the valid values, for completion.
func (c *choice) Values() []string { return c.values }

// String implements [pflag.Value].
func (c *choice) String() string { return *c.value }

// Type implements [pflag.Value]: help shows it as the value.
func (c *choice) Type() string { return strings.Join(c.values, "|") }

// Set implements [pflag.Value].
func (c *choice) Set(s string) error {
	if !slices.Contains(c.values, s) {
		return fmt.Errorf("must be one of %s", strings.Join(c.values, ", "))
	}
	*c.value = s
	return nil
}

// list is a flag with values separated by commas. Repeated flags append; the first
// one replaces the default.
type list struct {
	values *[]string
	set    bool
}

// String implements [pflag.Value].
func (l *list) String() string { return strings.Join(*l.values, ",") }

// Type implements [pflag.Value].
func (l *list) Type() string { return "list" }

// Set implements [pflag.Value].
func (l *list) Set(s string) error {
	if !l.set {
		*l.values, l.set = []string{}, true
	}
	if s != "" {
		*l.values = append(*l.values, strings.Split(s, ",")...)
	}
	return nil
}
