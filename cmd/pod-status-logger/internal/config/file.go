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

// loadFile decodes a configuration file into c. Unknown and duplicate keys and values
// of the wrong type are errors.
func loadFile(path string, c *Config) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	c.APIVersion, c.Kind = "", "" // the file has to have them
	if err := parse(b, c); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	return nil
}

// text is a quantity or a duration, kept as written. Validate parses it, with its key
// in the error.
type text string

var _ json.Unmarshaler = (*text)(nil)

// UnmarshalJSON implements [json.Unmarshaler]: it accepts strings and numbers.
func (t *text) UnmarshalJSON(b []byte) error {
	if string(b) == "null" { // the default, as for every other key
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
	// A list in the file replaces this one, instead of being decoded into its items.
	before := c.Plugins
	c.Plugins = nil
	defer func() {
		if c.Plugins == nil {
			c.Plugins = before
		}
	}()
	return strict.Unmarshal(asJSON, c)
}

// oneDocument rejects a file with several YAML documents, of which only the first
// would be read. Empty documents are ignored.
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
			return errors.New("there is more than one YAML document; put all keys into one")
		}
	}
}
