package main

import (
	"os"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestPluginDev: an author sees records, attributes and log side by side, and those of the changed
// plugin after each change, until Ctrl-C. A plugin that doesn't start waits for the next change.
func TestPluginDev(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t)
	behave := func(behaviour string) string {
		return p.write("plugin", "#!/bin/sh\nexec '"+self+"' "+strings.Join(faulty.Args(behaviour), " ")+"\n")
	}
	path := behave("logs")
	cmd, _, stderr := p.command("plugin", "dev", "--pace=0s", path)
	shown := &logbuffer.Buffer{}
	cmd.Stdout = shown
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	shown.Await(t, " | faulty.pod = cart-5f6d8b7c94-x7k2p\n")
	shown.Await(t, "pod batch/report-28f6d was created                           | faulty.pod = report-28f6d\n")
	shown.Await(t, "log ERROR logged pod=cart-5f6d8b7c94-x7k2p\n")
	shown.Await(t, "--- no more records; waiting for a change of "+path+", Ctrl-C ends\n")

	behave("fails-for-each-record")
	shown.Await(t, "--- plugin has changed: starting anew\n")
	shown.Await(t, " | FAILS faulty: no database\n")

	p.write("plugin", "#!/bin/sh\necho no licence found >&2\nexit 3\n")
	shown.Await(t, `--- plugin: it ended with exit status 3 before its handshake; it printed: "no licence found"; waiting`)
	shown.Await(t, "log INFO  no licence found\n")

	behave("traced")
	shown.Await(t, "trace 0af7651916cd43dd8448eb211c80319c")
	wait.NoError(t, "the signal", func() error { return cmd.Process.Signal(os.Interrupt) })
	if status := p.statusOf(cmd.Wait()); status != cli.ExitOK || stderr.Len() > 0 {
		t.Errorf("exit status %d, stderr\n%s", status, stderr)
	}
	p.checkEmpty()
}
