package e2e

import (
	"encoding/json"
	"strconv"
	"testing"
)

// object is a JSON object.
type object = map[string]any

// at returns the object at a path, nil if there is none.
func at(o object, path ...string) object {
	for _, key := range path {
		o, _ = o[key].(object)
	}
	return o
}

// text returns the string at a path, empty if there is none.
func text(o object, path ...string) string {
	s, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

// list returns the objects of the array at a path.
func list(o object, path ...string) (all []object) {
	items, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].([]any)
	for _, item := range items {
		all = append(all, item.(object))
	}
	return all
}

// canonical returns JSON with sorted keys.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
