package pluginhost

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCantStart: the error names the plugin and the fault in one line, and nothing is
// left running.
func TestCantStart(t *testing.T) {
	command := func(path string) func(*Spec) { return func(s *Spec) { s.Command = path } }
	for behaviour, c := range map[string]struct {
		change func(*Spec)
		want   string
	}{
		"exits": {
			want: `it ended with exit status 3 before its handshake; it printed: "no licence found"`,
		},
		"babbles": {
			want: `it printed "hello, world" on stdout, where its handshake belongs; a plugin logs to stderr`,
		},
		"another-version": {
			want: "incompatible API version with plugin. Plugin version: 99, Client versions: [1]",
		},
		"net-rpc":   {want: `unsupported plugin protocol "netrpc"`},
		"elsewhere": {want: `it listens on tcp "10.255.255.1:80", which is neither a socket`},
		"plain-certificate": {
			change: func(s *Spec) { s.PlainText = true }, // go-plugin would panic
			want:   "connection refused",
		},
		"no-tls":       {want: "it does not support AutoMTLS; set autoMTLS: false to allow that"},
		"another-name": {want: `its name is "other", not "faulty"; configure it under that name`},
		"bad-name":     {change: func(s *Spec) { s.Name = "" }, want: `describe: the name "k8s" is taken`},
		"configured": {
			change: func(s *Spec) { s.Config = `{"prefix":"bad"}` },
			want:   `config: prefix: "bad" is not good`,
		},

		// Commands and sums that are wrong; these plugins would start.
		"hangs": {
			change: command("/bin/true"),
			want:   "it ended with exit status 0 before its handshake; is it a plugin?",
		},
		"leaks": {change: command(os.TempDir()), want: "is a folder, which can't be run"},
		"panics": {
			change: command(script(t, "#!/no/such/interpreter\n")),
			want:   `names, "/no/such/interpreter", is not there, which can't be run`,
		},
		"greedy": {
			change: command(script(t, "#!/bin/sh\r\nexit 1\r\n")),
			want:   `ends with \r, which becomes part of the interpreter's name, which can't be run; remove each \r with: sed`,
		},
		"crashes": {
			change: command(script(t, "import grpc\n")),
			want:   "is neither a program for this system nor a script with a first line such as #!/usr/bin/python3",
		},
		"traced": {
			change: command(script(t, "#!/usr/bin/env no-such-interpreter\n")),
			want:   "; a plugin has no PATH: begin the file with the full path of its interpreter",
		},
		"late":   {change: command("/no/such/file"), want: "stat /no/such/file: no such file or directory"},
		"few":    {change: command("plugin"), want: `command: "plugin" is not an absolute path`},
		"floods": {change: command(os.DevNull), want: "/dev/null is not executable (chmod +x makes it so)"},
		"many": {
			change: func(s *Spec) { s.SHA256 = "abc" },
			want:   `sha256: "abc" is not a SHA-256 checksum of 64 hex digits`,
		},
		"good": {
			change: func(s *Spec) { s.SHA256 = strings.Repeat("0", 64) },
			want:   "differs from the pinned file",
		},
	} {
		t.Run(behaviour, func(t *testing.T) {
			spec := specOf(t, behaviour)
			if c.change != nil {
				c.change(&spec)
			}
			_, err := Start(t.Context(), []Spec{specOf(t, "good"), spec}, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v\nwant %s", err, c.want)
			}
			if prefix := strings.TrimSuffix("plugin "+spec.Name, " ") + ": "; !strings.HasPrefix(err.Error(), prefix) {
				t.Errorf("error %v does not begin with %s", err, prefix)
			}
			if config := (*ConfigError)(nil); errors.As(err, &config) != (behaviour == "configured") {
				t.Errorf("%v: a matter of configuration? %v", err, behaviour == "configured")
			}
		})
	}
}

// TestSilentStart: a caller that gives up does not wait for a silent plugin.
func TestSilentStart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Start(ctx, []Spec{specOf(t, "silent")}, slog.New(slog.DiscardHandler))
	if err == nil || time.Since(start) > startTimeout {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// script writes an executable file.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
