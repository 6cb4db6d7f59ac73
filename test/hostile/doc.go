// Package hostile attacks the program: as a tenant who puts into pods whatever an API server accepts, and measures what
// other tenants notice of it. The attacks are tests whose names begin with TestHostile, here and in the packages that
// they are about. `make hostile` runs them all.
package hostile

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Random returns the source of an attack's numbers. It is the same in each run unless the variable HOSTILE_SEED says
// otherwise, as in the long form of `make hostile`.
func Random(tb testing.TB) *rand.Rand {
	tb.Helper()
	seed, _ := strconv.ParseUint(os.Getenv("HOSTILE_SEED"), 10, 64)
	tb.Logf("HOSTILE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
