package loghouse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhere checks that the conditions equal loghouse's for the same queries.
func TestWhere(t *testing.T) {
	for name, c := range map[string]struct{ query, want string }{
		"a string": {
			`state = error`,
			`(has(string_fields.names, 'state') AND string_fields.values[indexOf(string_fields.names, 'state')] = 'error')`,
		},
		"a quoted number": {
			`bundle.version = "2"`,
			`(has(string_fields.names, 'bundle.version') AND string_fields.values[indexOf(string_fields.names, 'bundle.version')] = '2')`,
		},
		"a pattern": {
			`msg != '%pod shop/%'`,
			`(has(string_fields.names, 'msg') AND notLike(string_fields.values[indexOf(string_fields.names, 'msg')], '%pod shop/%'))`,
		},
		"a regular expression": {
			`msg =~ "pod shop/a"`,
			`(has(string_fields.names, 'msg') AND match(string_fields.values[indexOf(string_fields.names, 'msg')], 'pod shopa'))`,
		},
		"an empty string": {
			`reason = ""`,
			`(has(string_fields.names, 'reason') AND string_fields.values[indexOf(string_fields.names, 'reason')] = '[]')`,
		},
		"a range": {
			`restart_count > 3`,
			`(has(number_fields.names, 'restart_count') AND number_fields.values[indexOf(number_fields.names, 'restart_count')] > 3)`,
		},
		"a number": {
			`exit_code = 137`,
			`(CASE WHEN has(string_fields.names, 'exit_code') THEN string_fields.values[indexOf(string_fields.names, 'exit_code')] = '137' WHEN has(number_fields.names, 'exit_code') THEN number_fields.values[indexOf(number_fields.names, 'exit_code')] = 137 ELSE 0 END)`,
		},
		"a boolean": {
			`ready is FALSE`,
			`(has(boolean_fields.names, 'ready') AND boolean_fields.values[indexOf(boolean_fields.names, 'ready')] = 0)`,
		},
		"null":       {`reason is null`, `(has(null_fields.names, 'reason'))`},
		"not null":   {`reason is not null`, `(NOT has(null_fields.names, 'reason'))`},
		"any string": {`* = "cart"`, `(arrayExists(x -> x = 'cart', string_fields.values))`},
		"any number": {`* >= 3`, `(arrayExists(x -> x >= 3, number_fields.values))`},
		"anything": {
			`* = 3`, `(arrayExists(x -> x = '3', string_fields.values) OR arrayExists(x -> x = 3, number_fields.values))`,
		},
		"a column":               {`namespace = "shop"`, `(namespace = 'shop')`},
		"a pattern for a column": {`pod_name = "a%"`, `(like(pod_name, 'a%'))`},
		"a label of the container": {
			`~app = 1`, `(has(labels.names, 'app') AND labels.values[indexOf(labels.names, 'app')] = '1')`,
		},
		"and, or": {
			`host=a AND stream=b or ready is true`,
			"(host = 'a') AND\n (stream = 'b') OR\n (has(boolean_fields.names, 'ready') AND " +
				"boolean_fields.values[indexOf(boolean_fields.names, 'ready')] = 1)",
		},
	} {
		got, err := where(c.query)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", name, c.query, diff)
		}
	}
}

// TestWhereRefuses checks that queries outside loghouse's grammar are rejected.
func TestWhereRefuses(t *testing.T) {
	for name, c := range map[string]struct{ query, at string }{
		"a slash in a key":             {`app.kubernetes.io/name = "cart"`, `/name = "cart"`},
		"a quoted key":                 {`"app.kubernetes.io/name" = "cart"`, `"app`},
		"a value that begins a number": {`pod-template-hash = 7c9`, `c9`},
		"a parenthesis":                {`(state = "error")`, `(state`},
		"a key that begins a number":   {`7c9 = "a"`, `7c9`},
		"the type of anything":         {`* is true`, `is true`},
		"a range of a label":           {`~app > 3`, `> 3`},
		"a blank before":               {` state = "error"`, ` state`},
		"no value":                     {`state =`, ``},
		"nothing after and":            {`state = "error" and `, ``},
	} {
		_, err := where(c.query)
		if err == nil || !strings.Contains(err.Error(), "from "+quoted(c.at)) {
			t.Errorf("%s: %s: got %v, want an error from %q on", name, c.query, err, c.at)
		}
	}
}

// quoted is a prefix of the output of %q.
func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) }
