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

// fullRecord returns a record of a container with all parts.
func fullRecord() record.Record {
	return record.Record{
		Time: time.Unix(1, 2), Action: record.Update, State: record.Terminated, Reason: "OOMKilled", Info: "bad \xff byte",
		Initial: true, Recovered: true, ResourceVersion: "42", ID: record.ID{1},
		Pod: &record.Pod{
			Name: "web-0", Namespace: "shop", UID: "u", Node: "n", Phase: "Running", Reason: "r",
			Labels:      record.NewLabels(map[string]string{"app": "web", "tier": ""}),
			Annotations: record.NewLabels(map[string]string{"a": "1", "b": "2"}),
			Owners: &record.OwnerChain{Pending: true, Owners: []record.Owner{{
				OwnerRef: record.OwnerRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "o"},
				Labels:   map[string]string{"x": "1", "y": "2"}, Annotations: map[string]string{"p": "1", "q": "2"},
			}}},
		},
		Container: &record.Container{
			Name: "c", Type: record.Sidecar, Image: "i:1", Ready: true, RestartCount: 3,
			Terminated: true, ExitCode: 0, Signal: 9,
		},
	}
}
