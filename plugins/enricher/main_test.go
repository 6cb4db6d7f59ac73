package enricher_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// role is the environment variable with the role of the test binary in a child process.
const role = "ENRICHER_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "plugin":
		enricher.Serve(&full{closed: func() { os.Remove(os.Getenv("ENRICHER_TEST_FILE")) }})
	case "host":
		abandonPlugin()
	}
}

// abandonPlugin starts a plugin that holds this stdout open, passes on its handshake, and exits
// without ending the plugin.
func abandonPlugin() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=plugin", enrichv1.MagicCookieKey+"="+enrichv1.MagicCookieValue,
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", enrichv1.ProtocolVersion))
	cmd.Stderr = os.Stdout
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		panic(err)
	}
	fmt.Print(line)
}
