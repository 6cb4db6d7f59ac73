package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Config is the plugin's part of the configuration, under "config" in its entry. Omitted keys
// have their defaults; an empty list stays empty.
type Config struct {
	// Keys of labels or annotations whose value is the bundle's name. They precede all
	// detectors. Default: bundle.
	Keys []string `json:"keys"`
	// Detectors to ask, in this order. Default: all, in the order of the table in
	// docs/bundles.md.
	Detectors []string `json:"detectors"`
	// Trace gives records a trace context. Default: true.
	Trace *bool `json:"trace"`
	// TraceKeys are the keys of annotations that hold a W3C traceparent. They precede the
	// well-known ones. Default: none.
	TraceKeys []string `json:"traceKeys"`
	// OtherNamespaces is refuse to ignore bundles that are not verified: those of
	// other namespaces and of the whole cluster. Default: accept.
	OtherNamespaces string `json:"otherNamespaces"`
	// TraceAnnotations is refuse to ignore trace contexts in annotations. Default:
	// accept.
	TraceAnnotations string `json:"traceAnnotations"`
	// ProtectedKeys are labels and annotations that tenants can't write. Bundles and
	// trace contexts in these are always accepted. Default: none.
	ProtectedKeys []string `json:"protectedKeys"`
}

// check returns all errors of the configuration.
func (c Config) check() error {
	return errors.Join(
		checkEach("keys", c.Keys, func(key string) error { return checkKey(key, "label or annotation") }),
		checkEach("detectors", c.Detectors, checkDetector),
		checkEach("traceKeys", c.TraceKeys, func(key string) error { return checkKey(key, "annotation") }),
		checkTrust("otherNamespaces", c.OtherNamespaces),
		checkTrust("traceAnnotations", c.TraceAnnotations),
		checkEach("protectedKeys", c.ProtectedKeys, func(key string) error { return checkKey(key, "label or annotation") }),
	)
}

// checkEach checks the items of the list with this key, and rejects duplicates.
func checkEach(list string, items []string, check func(string) error) error {
	var errs []error
	for i, item := range items {
		err := check(item)
		if slices.Contains(items[:i], item) {
			err = fmt.Errorf("%q is a duplicate", item)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %w", list, i, err))
		}
	}
	return errors.Join(errs...)
}

// checkKey accepts every key that the API server accepts for annotations, whose prefix may have
// capitals.
func checkKey(key, what string) error {
	if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
		return fmt.Errorf("%q is not a valid %s key; use one such as app or example.com/app", key, what)
	}
	return nil
}

func checkDetector(name string) error {
	if names := detectorNames(); !slices.Contains(names, name) {
		return fmt.Errorf("%q is not one of %s", name, strings.Join(names, ", "))
	}
	return nil
}

func detectorNames() []string {
	var names []string
	for _, d := range detectors {
		names = append(names, d.name)
	}
	return names
}

// chosen returns the configured detectors, in order.
func (c Config) chosen() []detector {
	keys := c.Keys
	if keys == nil {
		keys = []string{"bundle"}
	}
	list := make([]detector, 0, 1+len(detectors))
	if len(keys) > 0 {
		list = append(list, explicit(keys))
	}
	if c.Detectors == nil {
		return append(list, detectors[:]...)
	}
	for _, name := range c.Detectors {
		i := slices.IndexFunc(detectors[:], func(d detector) bool { return d.name == name })
		list = append(list, detectors[i])
	}
	return list
}

// custom is the manager of bundles that configured keys identify.
const custom = "custom"

// explicit returns the detector for these keys.
func explicit(keys []string) detector {
	d := detector{name: custom}
	for _, k := range keys {
		d.marks = append(d.marks, mark{key: key{k, anywhere}, read: verbatim(custom)})
		if v := k + "-version"; checkKey(v, "") == nil {
			d.versions = append(d.versions, version{key: key{v, anywhere}})
		}
	}
	return d
}

func (c Config) trace() bool { return c.Trace == nil || *c.Trace }
