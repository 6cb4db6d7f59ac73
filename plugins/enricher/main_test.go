package enricher_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// role says what the test binary is when a test starts it again.
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

// abandonPlugin starts a plugin that has the same stdout, and ends.
func abandonPlugin() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=plugin", enrichv1.MagicCookieKey+"="+enrichv1.MagicCookieValue,
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", enrichv1.ProtocolVersion))
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}
