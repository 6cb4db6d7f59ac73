package app

import (
	"maps"
	"slices"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// TestBuiltins: the names of built-in plugins in the configuration are those of the program.
func TestBuiltins(t *testing.T) {
	got := slices.Sorted(maps.Keys(Builtins("")))
	if want := slices.Sorted(slices.Values(config.BuiltinNames())); !slices.Equal(got, want) {
		t.Errorf("built-in plugins %v, want %v", got, want)
	}
}
