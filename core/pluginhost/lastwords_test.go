package pluginhost

import (
	"strings"
	"testing"
)

// TestLastWords: the end of a plugin is explained by the error and its place, in the forms of
// several interpreters.
func TestLastWords(t *testing.T) {
	for name, c := range map[string]struct{ printed, want string }{
		"nothing":   {"", ""},
		"last line": {"loading\nno licence found\n\n", "no licence found"},
		"shell":     {"/plugins/x.sh: line 3: foo: command not found", "/plugins/x.sh: line 3: foo: command not found"},
		"python": {
			`starting
Traceback (most recent call last):
  File "/plugins/hello.py", line 6, in <module>
    from podstatus import Plugin
ModuleNotFoundError: No module named 'podstatus'`,
			"ModuleNotFoundError: No module named 'podstatus' (/plugins/hello.py:6)",
		},
		"python, in a library": {
			`Traceback (most recent call last):
  File "/plugins/hello.py", line 31, in <module>
    serve(Hello())
  File "/usr/lib/python3/dist-packages/grpc/__init__.py", line 9, in f
    raise ValueError(
ValueError: no port
of that number`,
			"ValueError: no port (/plugins/hello.py:31)",
		},
		"python, syntax": {
			`  File "/plugins/hello.py", line 3
    def (
        ^
SyntaxError: invalid syntax`,
			"SyntaxError: invalid syntax (/plugins/hello.py:3)",
		},
		"node": {
			`/plugins/hello.js:12
  missing();
  ^

ReferenceError: missing is not defined
    at Object.<anonymous> (/plugins/hello.js:12:3)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)

Node.js v20.20.2`,
			"ReferenceError: missing is not defined (/plugins/hello.js:12)",
		},
		"node, missing module": {
			`node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module '@grpc/grpc-js'
Require stack:
- /plugins/podstatus_plugin.js
- /plugins/hello.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at require (node:internal/modules/helpers:182:18)
    at Object.<anonymous> (/plugins/podstatus_plugin.js:5:14) {
  code: 'MODULE_NOT_FOUND'
}

Node.js v20.20.2`,
			"Error: Cannot find module '@grpc/grpc-js' (/plugins/podstatus_plugin.js:5)",
		},
		"go": {
			"panic: out of cheese\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/hello/main.go:12 +0x1d\nexit status 2",
			"panic: out of cheese (/src/hello/main.go:12)",
		},
		"a long stack": {
			"panic: x\n" + strings.Repeat("\t/src/runtime/proc.go:1 +0x1\n", 200) + "the end",
			"panic: x (/src/runtime/proc.go:1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var w lastWords
			for line := range strings.Lines(c.printed) {
				w.add(strings.TrimSuffix(line, "\n"))
			}
			if got := w.take(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if got := w.take(); got != "" {
				t.Errorf("%q is not forgotten", got)
			}
		})
	}
}
