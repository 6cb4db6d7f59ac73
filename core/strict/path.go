package strict

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// level is an object or a list around the current token.
type level struct {
	list  bool
	key   string // of an object
	count int    // of items, or of keys and values
}

// pathOf returns the path of a value of the wrong type, in the form that errors of
// unknown keys have. The error lacks the indexes of lists and the keys of maps, but
// has the offset in the text.
func pathOf(wrong *json.UnmarshalTypeError, b []byte) string {
	var open []level
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		token, err := d.Token()
		if err != nil {
			return wrong.Field
		}
		end := token == json.Delim('}') || token == json.Delim(']')
		switch {
		case end:
			open = open[:len(open)-1]
		case len(open) > 0:
			open[len(open)-1].take(token)
		}
		if d.InputOffset() >= wrong.Offset {
			break
		}
		if _, ok := token.(json.Delim); ok && !end {
			open = append(open, level{list: token == json.Delim('[')})
		}
	}
	// The offset of a custom UnmarshalJSON begins at its own value.
	field := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
	if field != "" && !slices.ContainsFunc(open, func(l level) bool { return l.key == field }) {
		return wrong.Field
	}
	var path strings.Builder
	for _, l := range open {
		path.WriteString(l.step())
	}
	return strings.TrimPrefix(path.String(), ".")
}

// take notes a token directly in the level.
func (l *level) take(token json.Token) {
	if key, ok := token.(string); ok && !l.list && l.count%2 == 0 {
		l.key = key
	}
	l.count++
}

func (l level) step() string {
	if l.list {
		return "[" + strconv.Itoa(l.count-1) + "]"
	}
	return "." + l.key
}

// keysAt lists the known keys of the object at the path.
func keysAt(path string, t reflect.Type) (keys []string) {
	t = itemOf(t)
	for name := range strings.SplitSeq(path, ".") {
		name, _, _ = strings.Cut(name, "[") // without the index of a list
		if name == "" {                     // the outermost object
			continue
		}
		if t.Kind() == reflect.Map {
			t = itemOf(t.Elem())
			continue
		}
		field := slices.IndexFunc(fieldsOf(t), func(f reflect.StructField) bool { return keyOf(f) == name })
		if field < 0 {
			return nil
		}
		t = itemOf(fieldsOf(t)[field].Type)
	}
	for _, f := range fieldsOf(t) {
		keys = append(keys, keyOf(f))
	}
	return keys
}

// itemOf returns the element type of lists and pointers, and other types unchanged.
func itemOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// fieldsOf returns the fields of a struct that have a key, those of embedded structs
// included.
func fieldsOf(t reflect.Type) (fields []reflect.StructField) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		switch tag := f.Tag.Get("json"); {
		case tag == "-":
		case f.Anonymous && f.Type.Kind() == reflect.Struct && (tag == "" || tag[0] == ','):
			fields = append(fields, fieldsOf(f.Type)...)
		case f.IsExported():
			fields = append(fields, f)
		}
	}
	return fields
}

func keyOf(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}
