// Package strict reads JSON that people have written: configurations. A key that
// is unknown or there twice, and a value of the wrong type, is an error that names
// the key and says what would be right.
//
// You don't need it for JSON that programs write.
package strict

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	kjson "sigs.k8s.io/json"
)

// Unmarshal reads JSON into the struct that into points to, by the json tags of
// its fields. Errors are joined.
func Unmarshal(b []byte, into any) error {
	t := reflect.TypeOf(into).Elem()
	strict, err := kjson.UnmarshalStrict(b, into)
	if err != nil {
		return explainType(err, t)
	}
	for i, err := range strict {
		strict[i] = explainKey(err, t)
	}
	return errors.Join(strict...)
}

var wrongType = regexp.MustCompile(`^json: cannot unmarshal (\w+) into Go (?:struct field \w*\.(\S+)|value) of type (\S+)$`)

// explainType says in the user's words that a value has the wrong type.
func explainType(err error, t reflect.Type) error {
	m := wrongType.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	got, key := m[1], m[2]
	if key == "" {
		return fmt.Errorf("want keys and values, got %s", got)
	}
	for name := range strings.SplitSeq(key, ".") {
		field, ok := fieldNamed(itemOf(t), name)
		if !ok {
			return err
		}
		t = field.Type
	}
	return fmt.Errorf("%s: want %s, got %s", key, describe(t), got)
}

// describe names a type. Where an item of a list has the wrong one, the list is
// what the user is told of.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list such as [a, b]"
	case reflect.Pointer:
		return describe(t.Elem())
	default:
		return "keys and values"
	}
}

var unknownField = regexp.MustCompile(`^unknown field "(.*)"$`)

// explainKey adds to the name of an unknown key those that there are beside it.
func explainKey(err error, t reflect.Type) error {
	m := unknownField.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	keys := keysBeside(m[1], t)
	if len(keys) == 0 {
		return fmt.Errorf("unknown key %s", m[1])
	}
	return fmt.Errorf("unknown key %s; the keys there are %s", m[1], strings.Join(keys, ", "))
}

// keysBeside lists the keys of the object in which path stands.
func keysBeside(path string, t reflect.Type) (keys []string) {
	parents := strings.Split(path, ".")
	for _, name := range parents[:len(parents)-1] {
		name, _, _ = strings.Cut(name, "[") // an item of a list
		field, ok := fieldNamed(t, name)
		if !ok {
			return nil
		}
		t = itemOf(field.Type)
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		if name := keyOf(f); name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}

// itemOf returns what a list is a list of, and any other type as it is.
func itemOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return t
}

func fieldNamed(t reflect.Type, key string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	return t.FieldByNameFunc(func(goName string) bool {
		f, _ := t.FieldByName(goName)
		return keyOf(f) == key
	})
}

func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
