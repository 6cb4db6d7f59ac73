//go:build node

package scenarios

import (
	"encoding/json"
	"slices"
)

// object is a piece of JSON. The tests read pods and records as plain JSON and
// import nothing of the program.
type object = map[string]any

// at walks down into an object. It returns nil if there is nothing.
func at(o object, path ...string) object {
	for _, key := range path {
		o, _ = o[key].(object)
	}
	return o
}

func text(o object, path ...string) string {
	s, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

func list(o object, path ...string) (all []object) {
	items, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].([]any)
	for _, item := range items {
		all = append(all, item.(object))
	}
	return all
}

// number returns a JSON number, 0 if there is none.
func number(o object, key string) int {
	f, _ := o[key].(float64)
	return int(f)
}

// canonical returns JSON with sorted keys.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// named returns the object with that name, or type, of a list.
func named(items []object, key, name string) object {
	i := slices.IndexFunc(items, func(o object) bool { return o[key] == name })
	if i < 0 {
		return nil
	}
	return items[i]
}
