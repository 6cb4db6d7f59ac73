package watch_test

import (
	"testing"

	"go.uber.org/goleak"
)

// net/http continues to dial for a request that has ended.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*Transport).dialConnFor"))
}
