package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// loadFile reads a configuration file over c. Every key that is unknown, there
// twice or of the wrong type is an error.
func loadFile(path string, c *Config) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	c.APIVersion, c.Kind = "", "" // the file has to name them
	if err := parse(b, c); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	return nil
}

func parse(b []byte, c *Config) error {
	asJSON, err := yaml.YAMLToJSONStrict(b)
	if err != nil {
		return err
	}
	strict, err := kjson.UnmarshalStrict(asJSON, c)
	if err != nil {
		return err
	}
	for i, err := range strict {
		strict[i] = explain(err)
	}
	return errors.Join(strict...)
}

var unknownField = regexp.MustCompile(`^unknown field "(.*)"$`)

// explain adds to the name of an unknown key those that there are beside it.
func explain(err error) error {
	m := unknownField.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	keys := keysBeside(m[1])
	if len(keys) == 0 {
		return err
	}
	return fmt.Errorf("unknown key %s; the keys there are %s", m[1], strings.Join(keys, ", "))
}

// keysBeside lists the keys of the object in which path stands.
func keysBeside(path string) (keys []string) {
	t := reflect.TypeFor[Config]()
	parents := strings.Split(path, ".")
	for _, name := range parents[:len(parents)-1] {
		field, ok := fieldNamed(t, name)
		if !ok || field.Type.Kind() != reflect.Struct {
			return nil
		}
		t = field.Type
	}
	for f := range t.Fields() {
		if name := f.Tag.Get("json"); name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	return t.FieldByNameFunc(func(goName string) bool {
		f, _ := t.FieldByName(goName)
		return f.Tag.Get("json") == name
	})
}
