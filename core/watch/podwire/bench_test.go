package podwire

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

// BenchmarkDecode compares with the generated code, which reads everything.
func BenchmarkDecode(b *testing.B) {
	for name, size := range map[string]int{"2KB": 2 << 10, "5KB": 5 << 10, "15KB": 15 << 10} {
		data := marshal(b, apiscript.PodOfSize("shop", "cart", size))
		b.Run(name+"/generated", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := new(corev1.Pod).Unmarshal(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/here", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			d, into := NewDecoder(wanted), new(Pod)
			for b.Loop() {
				if err := d.Decode(data, into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
