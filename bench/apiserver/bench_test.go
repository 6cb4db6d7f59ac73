package apiserver

import (
	"io"
	"net/http"
	"testing"
)

// BenchmarkServer reads b.N events as bytes, without decoding them: the server's limit.
func BenchmarkServer(b *testing.B) {
	s, err := Start(Settings{Pods: 1000, Size: Medium, Plain: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet,
		s.url+"/api/v1/pods?watch=1&resourceVersion="+Mark+"0001000", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.kubernetes.protobuf")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var size int64
	var buffer []byte
	for i := range b.N {
		buffer = s.cluster.appendEvent(buffer[:0], s.cluster.encodings[1], i)
		size += int64(len(buffer))
	}
	b.ReportAllocs()
	b.ResetTimer()
	go s.Feed(b.Context(), b.N, 0)
	if _, err := io.CopyN(io.Discard, resp.Body, size); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size / int64(b.N))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
