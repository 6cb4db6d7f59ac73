package pluginhost

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// BenchmarkPatch measures a call of a plugin that works, per record. ns/record is
// time; the two processes, if there are two, take turns.
func BenchmarkPatch(b *testing.B) {
	for name, spec := range map[string]Spec{"process": specOf(b, "good"), "in-process": inProcessOf("good")} {
		for _, n := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/batch-%d", name, n), func(b *testing.B) {
				host, err := Start(b.Context(), []Spec{spec}, slog.New(slog.DiscardHandler))
				if err != nil {
					b.Fatal(err)
				}
				defer host.Close()
				batch := make([]record.Record, n)
				for i := range batch {
					batch[i] = fullRecord()
				}
				ctx := deadline(b, 10*time.Minute)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := host.Plugins()[0].Patch(ctx, batch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
			})
		}
	}
}
