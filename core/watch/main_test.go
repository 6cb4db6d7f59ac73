package watch_test

import (
	"testing"

	"go.uber.org/goleak"
)

// net/http goes on to dial for somebody who does not wait any more.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*Transport).dialConnFor"))
}
