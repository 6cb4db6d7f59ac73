package record

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// Limits of the attributes that a plugin may add to one record.
const (
	// MaxAttributes is the maximum number of attributes of one plugin.
	MaxAttributes = 64
	// MaxAttributeKey is the maximum length of an attribute's key in bytes.
	MaxAttributeKey = 255
	// MaxAttributeValue is the maximum length of a string value in bytes.
	MaxAttributeValue = 4 << 10

	// MaxAnnotation is the maximum length in bytes of an annotation that plugins
	// receive and that is therefore kept for each pod or owner. Some annotations
	// contain whole files.
	MaxAnnotation = 4 << 10

	maxPluginName = 63
)

// reservedNames are the names with which a plugin's attributes could be confused with
// fields, labels or the host's text in [Record.Enrichment]. Almost every pod has the
// labels app.kubernetes.io/*.
//
//nolint:gochecknoglobals // A table that is never changed.
var reservedNames = [...]string{
	"podstatus", "k8s", "service", "container", "log", "otel", "exception", "label", "owners", "app",
}

// CheckPluginName returns an error that describes why name is not a valid plugin name,
// or nil.
func CheckPluginName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxPluginName:
		return fmt.Errorf("the name has %d bytes, at most %d are allowed", len(name), maxPluginName)
	case !isLower(name[0]) || strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }):
		return fmt.Errorf(`%q is not a name: want lower-case letters, digits, "-" and "_", a letter first`, name)
	case slices.Contains(reservedNames[:], name):
		return fmt.Errorf("the name %q is taken; the names %s are", name, strings.Join(reservedNames[:], ", "))
	}
	return nil
}

// CheckAttributes returns an error that names the rule which the attributes of a
// plugin for one record break, or nil. The rules limit their number and length. Keys
// are unique and begin with the plugin's name and a dot; values have one of the four
// types that a record can contain.
func CheckAttributes(plugin string, attrs []attribute.KeyValue) error {
	if len(attrs) > MaxAttributes {
		return fmt.Errorf("%d attributes, at most %d are allowed", len(attrs), MaxAttributes)
	}
	for i, kv := range attrs {
		if err := checkKey(plugin, string(kv.Key)); err != nil {
			return err
		}
		for _, before := range attrs[:i] {
			if before.Key == kv.Key {
				return fmt.Errorf("attribute %q is a duplicate", kv.Key)
			}
		}
		if err := checkValue(kv.Value); err != nil {
			return fmt.Errorf("attribute %q %w", kv.Key, err)
		}
	}
	return nil
}

func checkKey(plugin, key string) error {
	if len(key) > MaxAttributeKey {
		return fmt.Errorf("the key of attribute %.40q... has %d bytes, at most %d are allowed",
			key, len(key), MaxAttributeKey)
	}
	rest, ok := strings.CutPrefix(key, plugin)
	if !ok || len(rest) < 2 || rest[0] != '.' {
		return fmt.Errorf("attribute %q does not begin with %q and a name", key, plugin+".")
	}
	for i := range len(rest) {
		if c := rune(rest[i]); !isNameRune(c) && c != '.' && c != '/' {
			return fmt.Errorf("attribute %q has a character other than a-z, 0-9 and ._-/", key)
		}
	}
	return nil
}

func checkValue(v attribute.Value) error {
	switch v.Type() {
	case attribute.BOOL, attribute.INT64:
		return nil
	case attribute.FLOAT64:
		if f := v.AsFloat64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("is %v; a number has to be finite", f)
		}
		return nil
	case attribute.STRING:
		if n := len(v.AsString()); n > MaxAttributeValue {
			return fmt.Errorf("has %d bytes, at most %d are allowed", n, MaxAttributeValue)
		}
		return nil
	default:
		return errors.New("has no value of type string, bool, int or double")
	}
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isNameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}
