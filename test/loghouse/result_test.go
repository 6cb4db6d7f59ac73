//go:build loghouse

package loghouse

import (
	"encoding/json"
	"strings"
	"testing"
)

// result is a row as ClickHouse returns it.
type result struct {
	Timestamp string `json:"timestamp"` // UTC, without an offset
	row
}

// UnmarshalJSON reads a row, whose time is a text on the way back.
func (r *result) UnmarshalJSON(b []byte) error {
	var at struct {
		Timestamp string `json:"timestamp"`
	}
	if err := json.Unmarshal(b, &at); err != nil {
		return err
	}
	r.Timestamp = at.Timestamp
	type plain row
	text := strings.Replace(string(b), `"timestamp":"`+at.Timestamp+`"`, `"timestamp":0`, 1)
	return json.Unmarshal([]byte(text), (*plain)(&r.row))
}

// object is a record: keys, and values as JSON has them.
type object map[string]any

// record puts together what the lists of fields have taken apart.
func (f *fields) record(t *testing.T) object {
	t.Helper()
	o := object{}
	for i, name := range f.StringNames {
		o[name] = f.StringValues[i]
	}
	for i, name := range f.NumberNames {
		number, err := f.NumberValues[i].Float64()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o[name] = number
	}
	for i, name := range f.BooleanNames {
		o[name] = f.BooleanValues[i] == 1
	}
	for _, name := range f.NullNames {
		o[name] = nil
	}
	return o
}

func decode(t *testing.T, line string) (o object) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &o); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return o
}
