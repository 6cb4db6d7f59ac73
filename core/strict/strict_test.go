package strict_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/strict"
)

// config has a field of every kind in a configuration.
type config struct {
	Text   string          `json:"text"`
	Yes    bool            `json:"yes,omitempty"`
	Number int             `json:"number"`
	Small  int8            `json:"small"`
	Count  uint            `json:"count"`
	Port   uint16          `json:"port"`
	Share  float64         `json:"share"`
	List   []string        `json:"list"`
	Table  [][]int         `json:"table"`
	Map    map[string]int  `json:"map"`
	Raw    json.RawMessage `json:"raw"`
	Any    any             `json:"any"`
	Pause  *pause          `json:"pause"`
	Below  struct {
		Text string `json:"text"`
		More struct {
			Number *int `json:"number"`
		} `json:"more"`
	} `json:"below"`
	Items []struct {
		Name string `json:"name"`
		Size *int   `json:"size"`
	} `json:"items"`
	Maybe *struct {
		Name string `json:"name"`
	} `json:"maybe"`
	Shops map[string]*struct {
		Open bool `json:"open"`
	} `json:"shops"`
	embedded
	Untagged int
	Hidden   int `json:"-"`
	unseen   int
}

type embedded struct {
	Deep int `json:"deep"`
}

// pause has an UnmarshalJSON of its own.
type pause string

func (p *pause) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	*p = pause(s)
	return err
}

const allKeys = "(known keys: text, yes, number, small, count, port, share, list, table, map, raw, any, pause, " +
	"below, items, maybe, shops, deep, Untagged)"

func TestUnmarshal(t *testing.T) {
	var c config
	err := strict.Unmarshal([]byte(`{
		"text": "a", "yes": true, "number": -1, "small": 127, "port": 65535, "share": 1.5, "list": ["a", "b"],
		  "map": {"a": 1},
		"raw": {"a": [1], "a": 2}, "pause": "5s", "below": {"more": {"number": 2}}, "items": [{"name": "x", "size": 3}],
		  "maybe": null,
		"shops": {"s": {"open": true}}, "deep": 4, "Untagged": 5
	}`), &c)
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Raw) != `{"a": [1], "a": 2}` {
		t.Errorf("raw is %s, want it as it was written", c.Raw)
	}
	if *c.Below.More.Number != 2 || *c.Items[0].Size != 3 || !c.Shops["s"].Open || c.Maybe != nil || c.Deep != 4 ||
		*c.Pause != "5s" || c.unseen != 0 {
		t.Errorf("got %+v", c)
	}
}

// TestErrors: errors name the path, and valid values in the words of users.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown":                   {`{"txt":1}`, "unknown key txt " + allKeys},
		"another case":              {`{"Text":"a"}`, "unknown key Text " + allKeys},
		"a field without a key":     {`{"Hidden":1}`, "unknown key Hidden " + allKeys},
		"unexported":                {`{"unseen":1}`, "unknown key unseen " + allKeys},
		"a struct that is embedded": {`{"embedded":{"deep":1}}`, "unknown key embedded " + allKeys},
		"unknown below":             {`{"below":{"txt":1}}`, "unknown key below.txt (known keys: text, more)"},
		"unknown further below":     {`{"below":{"more":{"n":1}}}`, "unknown key below.more.n (known keys: number)"},
		"unknown in an item": {
			`{"items":[{"name":"a"},{"nam":"b"}]}`, "unknown key items[1].nam (known keys: name, size)",
		},
		"unknown below a pointer":    {`{"maybe":{"x":1}}`, "unknown key maybe.x (known keys: name)"},
		"unknown below a map":        {`{"shops":{"corner":{"x":1}}}`, "unknown key shops.corner.x (known keys: open)"},
		"a path for a key":           {`{"below.text":"a"}`, `unknown key "below.text"; want text as a key of below`},
		"a dot in a key":             {`{"a.b":1}`, "unknown key a.b"},
		"an unprintable key":         {`{"a\n\"":1}`, `unknown key a\n\" ` + allKeys},
		"an empty key":               {`{"":1}`, `unknown key "" ` + allKeys},
		"twice":                      {`{"text":"a","text":"b","text":"c"}`, "duplicate key text"},
		"twice in an item":           {`{"items":[{"name":"a","name":"b"}]}`, "duplicate key items[0].name"},
		"twice in a map":             {`{"map":{"a":1,"a":1}}`, "duplicate key map.a"},
		"twice where all is allowed": {`{"any":{"a":1,"a":2}}`, "duplicate key any.a"},
		"several": {
			`{"text":"a","text":"b","items":[{"x":1}],"below":{"y":1}}`,
			"duplicate key text\nunknown key items[0].x (known keys: name, size)\nunknown key below.y (known keys: text, more)",
		},
		"number for a string":         {`{"text":5}`, "text: want a string, got number"},
		"bool for a string":           {`{"text":true}`, "text: want a string, got true or false"},
		"object for a string":         {`{"text":{"a":1}}`, "text: want a string, got keys and values"},
		"list for a string":           {`{"text":["a"]}`, "text: want a string, got a list"},
		"string for a bool":           {`{"yes":"yes"}`, "yes: want true or false, got string"},
		"string for a whole number":   {`{"number":"5"}`, "number: want a whole number, got string"},
		"fraction for a whole number": {`{"number":1.5}`, "number: want a whole number, got 1.5"},
		"no int64": {
			`{"number":99999999999999999999}`, "number: want a whole number, got 99999999999999999999",
		},
		"no int8":                     {`{"small":128}`, "small: want a whole number from -128 to 127, got 128"},
		"negative":                    {`{"count":-1}`, "count: want a whole number from 0, got -1"},
		"no uint16":                   {`{"port":65536}`, "port: want a whole number from 0 to 65535, got 65536"},
		"string for a number":         {`{"share":"half"}`, "share: want a number, got string"},
		"no float64":                  {`{"share":1e999}`, "share: want a number, got 1e999"},
		"string for a list":           {`{"list":"a"}`, "list: want a list such as [a, b], got string"},
		"object for a list":           {`{"items":{"name":"a"}}`, "items: want a list such as [a, b], got keys and values"},
		"wrong item":                  {`{"list":["a",["b"],5]}`, "list[1]: want a string, got a list"},
		"wrong item of a list in one": {`{"table":[[1],[2,"3"]]}`, "table[1][1]: want a whole number, got string"},
		"item that is no object":      {`{"items":[{"name":"a"},5]}`, "items[1]: want keys and values, got number"},
		"wrong in an item": {
			`{"items":[{"name":"a"},{"size":1,"name":5}]}`, "items[1].name: want a string, got number",
		},
		"wrong behind a pointer": {`{"items":[{"size":"a"}]}`, "items[0].size: want a whole number, got string"},
		"string for an object":   {`{"below":"a"}`, "below: want keys and values, got string"},
		"list for an object":     {`{"below":[]}`, "below: want keys and values, got a list"},
		"string for a pointer":   {`{"maybe":"a"}`, "maybe: want keys and values, got string"},
		"wrong below":            {`{"below":{"text":5}}`, "below.text: want a string, got number"},
		"wrong further below": {
			`{"below":{"more":{"number":"a"}}}`, "below.more.number: want a whole number, got string",
		},
		"string for a map": {`{"map":"a"}`, "map: want keys and values, got string"},
		"wrong in a map":   {`{"map":{"a":1,"b":"c"}}`, "map.b: want a whole number, got string"},
		"wrong below a map": {
			`{"shops":{"corner":{"open":5}}}`, "shops.corner.open: want true or false, got number",
		},
		"wrong in what is embedded":   {`{"deep":"a"}`, "deep: want a whole number, got string"},
		"wrong for what reads itself": {`{"list":["a"],"pause":5}`, "pause: want a string, got number"},
		"the first of several":        {`{"number":"a","text":5,"x":1}`, "number: want a whole number, got string"},
		"after a list": {
			`{"table":[[1,2],[]],"items":[{},{"name":"a"}],"number":"a"}`, "number: want a whole number, got string",
		},
		"after white space and braces": {
			"{\n\t\"text\" : \"}{,:\" ,\n\t\"number\" : \"a\" }", "number: want a whole number, got string",
		},
		"a list of all":   {`[{"text":"a"}]`, "want keys and values, got a list"},
		"a string of all": {`"a"`, "want keys and values, got string"},
		"nothing":         {``, "unexpected end of JSON input"},
		"cut":             {`{"text":"a"`, "unexpected end of JSON input"},
		"no JSON":         {`{text: a}`, "invalid character 't' looking for beginning of object key string"},
		"two":             {`{} {}`, "invalid character '{' after top-level value"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := strict.Unmarshal([]byte(c.text), &config{}); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

// TestAlone: the target may be other than a struct.
func TestAlone(t *testing.T) {
	var list []struct {
		Size int `json:"size"`
	}
	for text, want := range map[string]string{
		`[{"size":1},{"size":"a"}]`: "[1].size: want a whole number, got string",
		`[{"size":1},{"siz":1}]`:    "unknown key [1].siz (known keys: size)",
		`{"size":1}`:                "want a list such as [a, b], got keys and values",
	} {
		if err := strict.Unmarshal([]byte(text), &list); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var numbers map[int]int
	if err := strict.Unmarshal([]byte(`{"1":1,"a":2}`), &numbers); err == nil ||
		err.Error() != "a: want a whole number, got a" {
		t.Errorf("a key that is no number: %v", err)
	}
}

// TestNowhere: an invalid target is an error, not a panic.
func TestNowhere(t *testing.T) {
	for name, into := range map[string]any{"nil": nil, "no pointer": config{}, "nil pointer": (*config)(nil)} {
		if err := strict.Unmarshal([]byte(`{"txt":1}`), into); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzUnmarshal: any text is decoded like encoding/json does, or rejected in the words of
// users.
func FuzzUnmarshal(f *testing.F) {
	f.Add(
		[]byte(`{"text":"a","items":[{"name":"x","size":3},{"nam":1}],"below":{"more":{"number":5}},"raw":[{}],"yes":true}`),
	)
	f.Add([]byte(`{"table":[[1],["2"]],"shops":{"a":{"open":0}},"map":{"a":1,"a":2},"port":-1,"share":1e999}`))
	f.Add([]byte(`{"a.b[":{},"below.text":0,"list":[null,"\ud800"],"pause":5,"deep":"a"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want config
		if err := strict.Unmarshal(text, &got); err != nil {
			message := err.Error()
			if strings.TrimSpace(message) == "" || strings.Contains(message, "cannot unmarshal") ||
				strings.Contains(message, "strict_test") {
				t.Errorf("%s is refused with %q", text, message)
			}
			return
		}
		lenient := json.NewDecoder(bytes.NewReader(text))
		lenient.DisallowUnknownFields()
		if err := lenient.Decode(&want); err != nil {
			t.Fatalf("%s is read, but wrong: %v", text, err)
		}
		got.Any, want.Any = nil, nil // whole numbers are read as such
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as\n%+v, want\n%+v", text, got, want)
		}
	})
}
