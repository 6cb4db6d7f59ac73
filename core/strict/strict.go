// Package strict decodes JSON written by people, such as configurations. Unknown
// and duplicate keys and values of the wrong type are errors that name the key and
// the valid alternatives.
//
// You don't need it for JSON written by programs.
package strict

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
)

// Unmarshal decodes JSON into the struct that into points to, by the json tags of
// its fields. Errors of keys are joined. A value of the wrong type ends decoding, and
// its error is returned alone.
func Unmarshal(b []byte, into any) error {
	strict, err := kjson.UnmarshalStrict(b, into)
	if err != nil {
		return explainType(err, b)
	}
	for i, err := range strict {
		strict[i] = explainKey(err, reflect.TypeOf(into))
	}
	return errors.Join(strict...)
}

// explainType words the error of a wrong type for users.
func explainType(err error, b []byte) error {
	wrong := (*json.UnmarshalTypeError)(nil)
	if !errors.As(err, &wrong) {
		return err
	}
	err = fmt.Errorf("want %s, got %s", describe(wrong.Type), found(wrong.Value))
	if path := pathOf(wrong, b); path != "" {
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// found names the type of a JSON value in the words of describe.
func found(value string) string {
	switch value {
	case "array":
		return "a list"
	case "object":
		return "keys and values"
	case "bool":
		return "true or false"
	}
	return strings.TrimPrefix(value, "number ") // one that overflows the type
}

// describe names a type for users.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		half := int64(1) << (t.Bits() - 1)
		return fmt.Sprintf("a whole number from %d to %d", -half, half-1)
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return "a whole number from 0"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf("a whole number from 0 to %d", int64(1)<<t.Bits()-1)
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list such as [a, b]"
	case reflect.Pointer:
		return describe(t.Elem())
	default:
		return "keys and values"
	}
}

// explainKey words the error of an unknown key, with the known keys of its object,
// or of a duplicate key.
func explainKey(err error, t reflect.Type) error {
	field := kjson.FieldError(nil)
	if !errors.As(err, &field) {
		return err
	}
	path := field.FieldPath()
	if !strings.HasPrefix(err.Error(), "unknown field ") {
		return fmt.Errorf("duplicate key %s", printable(path))
	}
	parents, name := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		parents, name = path[:i], path[i+1:]
	}
	keys := keysAt(parents, t)
	switch {
	case len(keys) == 0:
		return fmt.Errorf("unknown key %s", printable(path))
	case slices.Contains(keys, name): // a path with dots, as the documentation writes keys
		return fmt.Errorf("unknown key %q; want %s as a key of %s", path, name, parents)
	}
	return fmt.Errorf("unknown key %s (known keys: %s)", printable(path), strings.Join(keys, ", "))
}

// printable escapes characters that could disguise the key.
func printable(path string) string {
	quoted := strconv.Quote(path)
	if path == "" {
		return quoted
	}
	return quoted[1 : len(quoted)-1]
}
