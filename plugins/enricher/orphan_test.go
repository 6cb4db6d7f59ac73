package enricher

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAwaitOrphaned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		parent := func() int {
			if time.Since(start) < 10*time.Second {
				return 42
			}
			return 1
		}
		awaitOrphaned(42, parent, time.Second)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("returned after %s, the parent ended after 10 s", took)
		}
	})
}
