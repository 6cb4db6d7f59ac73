package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
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

// text is a value that is read as it is written, and understood by Validate,
// which knows its key: a quantity or a duration.
type text string

var _ json.Unmarshaler = (*text)(nil)

// UnmarshalJSON takes strings and numbers.
func (t *text) UnmarshalJSON(b []byte) error {
	if string(b) == "null" { // as for every other key: the default
		return nil
	}
	*t = text(strings.Trim(string(b), `"`))
	return nil
}

func parse(b []byte, c *Config) error {
	if err := oneDocument(b); err != nil {
		return err
	}
	asJSON, err := yaml.YAMLToJSONStrict(b)
	if err != nil {
		return err
	}
	strict, err := kjson.UnmarshalStrict(asJSON, c)
	if err != nil {
		return explainType(err)
	}
	for i, err := range strict {
		strict[i] = explain(err)
	}
	return errors.Join(strict...)
}

// oneDocument refuses a file with more than one YAML document that says
// something: only the first would be read.
func oneDocument(file []byte) error {
	documents := goyaml.NewDecoder(bytes.NewReader(file))
	for n := 0; ; n++ {
		var document any
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 && document != nil {
			return errors.New("there is more than one YAML document; one is what is read")
		}
	}
}

var wrongType = regexp.MustCompile(`^json: cannot unmarshal (\w+) into Go struct field \w+\.(\S+) of type (\S+)$`)

// explainType says in the file's words that a value has the wrong type.
func explainType(err error) error {
	m := wrongType.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	want := map[string]string{"string": "a string", "bool": "true or false", "[]string": "a list such as [shop, batch]"}[m[3]]
	if want == "" {
		want = "keys and values"
	}
	if m[2] == "watch.namespaces" { // the error is about an item where there is a list
		want = "a list such as [shop, batch]"
	}
	return fmt.Errorf("%s: want %s, got %s", m[2], want, m[1])
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
