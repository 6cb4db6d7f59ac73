package owner_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// BenchmarkFind finds the owners of 64 pods that are all known.
func BenchmarkFind(b *testing.B) {
	srv := newServer(b)
	f := newFinder(b, srv.Config())
	var pods []*record.Pod
	for i := range 64 {
		o := replicaSet(fmt.Sprintf("cart-%d", i%8), deployment("cart"))
		set(srv, o)
		pods = append(pods, podOf(o, "app", "cart", "pod-template-hash", strconv.Itoa(i%8)))
	}
	f.Find(b.Context(), pods)
	b.ReportAllocs()
	for b.Loop() {
		f.Find(b.Context(), pods)
	}
}

// BenchmarkChain measures a chain of two owners: its look-up, without the network, and
// its memory in the cache, with a label and an annotation of each owner.
func BenchmarkChain(b *testing.B) {
	const uid = `"metadata":{"uid":"6e0fd1b2-2f6c-4a0b-9a3e-%s","labels":{"of":"release-name"},"annotations":{"of":"release-name"}`
	server := newAPI(func(path string) (int, string) {
		name := path[strings.LastIndexByte(path, '-')+1:]
		if strings.Contains(path, "deployments") {
			return 200, fmt.Sprintf("{"+uid+"}}", name)
		}
		return 200,
			fmt.Sprintf(`{`+uid+`,"ownerReferences":[{"controller":true,"apiVersion":"apps/v1","kind":"Deployment","name":"cart-%[1]s","uid":"6e0fd1b2-2f6c-4a0b-9a3e-%[1]s"}]}}`, name)
	})
	f := newFinder(b, server.config(), func(s *owner.Settings) { s.Rate, s.Burst = 1e9, 1e9 })
	pods := make([]*record.Pod, b.N)
	for i := range pods {
		o := replicaSet(fmt.Sprintf("cart-%012d", i), nil)
		o.uid = fmt.Sprintf("6e0fd1b2-2f6c-4a0b-9a3e-%012d", i)
		pods[i] = podOf(o, "pod-template-hash", "64d8cc85cd")
	}
	before := heap()
	b.ResetTimer()
	for from := 0; from < b.N; from += 256 {
		batch := pods[from:min(b.N, from+256)]
		f.Find(b.Context(), batch)
		for _, pod := range batch {
			pod.Owners = nil // leaves the chain to the cache alone
		}
	}
	b.StopTimer()
	b.ReportMetric((float64(heap())-float64(before))/float64(min(b.N, owner.DefaultCacheSize)), "B/chain")
	if n := f.outcomes[owner.OutcomeFound]; n != b.N {
		b.Errorf("found %d chains of %d: %v %v", n, b.N, f.outcomes, f.log.Lines())
	}
	runtime.KeepAlive(pods)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
