// Package need is for tests with requirements besides Go. Without them, tests are skipped, but fail in CI.
package need

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Missing skips a test for lack of a requirement. CI must have all requirements: there, the test fails.
func Missing(tb testing.TB, what string, err error) {
	tb.Helper()
	if os.Getenv("CI") != "" {
		tb.Fatalf("this needs %s: %v", what, err)
	}
	tb.Skipf("this needs %s: %v", what, err)
}

// Python is Debian's: others on the PATH lack Debian's grpcio.
const Python = "/usr/bin/python3"

// PythonPlugins returns nil if plugins in Python can run, else the reason and the packages to install.
func PythonPlugins(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, Python, "-c", "import grpc, google.protobuf").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s lacks what the plugin needs: apt-get update && apt-get install -y --no-install-recommends "+
			"python3-grpcio python3-protobuf protobuf-compiler\n%w\n%s", Python, err, out)
	}
	return nil
}

// Node is Debian's.
const Node = "/usr/bin/node"

// NodePlugins returns nil if the plugins in Node.js in a folder can run, else the reason and the command that installs
// the libraries.
func NodePlugins(ctx context.Context, folder string) error {
	cmd := exec.CommandContext(ctx, Node, "-e", `require("@grpc/grpc-js"); require("@grpc/proto-loader")`)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the plugin needs Node.js and its libraries: npm ci --ignore-scripts --prefix "+
			"plugins/examples/node\n%w\n%s", err, out)
	}
	return nil
}
