package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/core/strict"
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
	// A list of the file takes the place of this one, instead of its items being
	// read over those that are there.
	before := c.Plugins
	c.Plugins = nil
	defer func() {
		if c.Plugins == nil {
			c.Plugins = before
		}
	}()
	return strict.Unmarshal(asJSON, c)
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
