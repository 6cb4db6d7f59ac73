package enrichertest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
)

func TestMain(m *testing.M) {
	if faulty.Main() {
		return
	}
	goleak.VerifyTestMain(m)
}
