package family

import (
	"os"
	"testing"
)

// BenchmarkFamily measures a look at a plugin's memory.
func BenchmarkFamily(b *testing.B) {
	n := 0
	for b.Loop() {
		n = len(processes())
		_ = Of(os.Getpid())
	}
	b.ReportMetric(float64(n), "processes")
}
