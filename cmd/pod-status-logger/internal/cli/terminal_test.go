package cli

import "testing"

func TestWantsColor(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"a terminal":             {map[string]string{"TERM": "xterm-256color"}, true},
		"no TERM, as in Windows": {nil, true},
		"dumb":                   {map[string]string{"TERM": "dumb"}, false},
		"NO_COLOR":               {map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false},
		"an empty NO_COLOR":      {map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true},
	} {
		lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		if got := wantsColor(lookup); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}
