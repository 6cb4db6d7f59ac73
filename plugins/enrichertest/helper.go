package enrichertest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// helpers returns the libraries that serve plugins, by their names in descriptions: their
// present versions and their sources.
func helpers() map[string]helper {
	return map[string]helper{
		"go":     {1, "build the plugin with the present module"},
		"python": {2, "copy plugins/examples/python/podstatus_plugin.py and enrich_pb2.py anew"},
		"node":   {1, "copy plugins/examples/node/podstatus_plugin.js and enrich.proto anew"},
	}
}

type helper struct {
	version int
	update  string
}

// checkHelper compares the version of the plugin's helper with the present one.
func checkHelper(ctx context.Context, s *suite) error {
	if _, err := s.running(ctx); err != nil {
		return err
	}
	description, err := s.describe(ctx)
	if err != nil {
		return err
	}
	name, number, _ := strings.Cut(description.GetHelper(), "/")
	known, ok := helpers()[name]
	version, err := strconv.Atoi(number)
	switch {
	case name == "":
		return notCheckedError("it names no helper")
	case !ok || err != nil:
		return notCheckedError(fmt.Sprintf("the helper %q is unknown", description.GetHelper()))
	case version < known.version:
		return fmt.Errorf("it has the helper %s/%d, the present one is %s/%d: %s",
			name, version, name, known.version, known.update)
	}
	return nil
}
