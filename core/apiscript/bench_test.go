package apiscript_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

// BenchmarkServer reads b.N events as bytes, without decoding them: the server's limit.
func BenchmarkServer(b *testing.B) {
	p := apiscript.RunningPod("shop", "cart")
	b.Run("live", func(b *testing.B) { // encodes, and shares the loop with the writer
		srv := apiscript.NewServer(apiscript.WithHistory(b.N + 1))
		defer srv.Close()
		body := watch(b, srv)
		defer body.Close()
		b.ReportAllocs()
		b.ResetTimer()
		go func() {
			for range b.N {
				srv.Set(p)
			}
			srv.EndStreams()
		}()
		measure(b, body)
	})
	b.Run("history", func(b *testing.B) {
		srv := apiscript.NewServer(apiscript.WithHistory(b.N + 1))
		defer srv.Close()
		for range b.N {
			srv.Set(p)
		}
		for _, what := range []string{"encode", "measure"} {
			body := watch(b, srv)
			srv.EndStreams()
			if what == "measure" {
				b.ReportAllocs()
				b.ResetTimer()
			}
			measure(b, body)
			_ = body.Close()
		}
	})
}

// measure reads a stream to its end.
func measure(b *testing.B, body io.Reader) {
	n, err := io.Copy(io.Discard, body)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(n / int64(b.N))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func watch(b *testing.B, srv *apiscript.Server) io.ReadCloser {
	b.Helper()
	return fetch(b, srv, "?watch=1&resourceVersion=1000")
}

func fetch(b *testing.B, srv *apiscript.Server, query string) io.ReadCloser {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL()+"/api/v1/pods"+query, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", protoType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	return resp.Body
}

// BenchmarkLists reads full lists of 50,000 pods as bytes. Its first one encodes
// them, as the first of any server does.
func BenchmarkLists(b *testing.B) {
	const pods = 50_000
	srv := apiscript.NewServer(apiscript.WithHistory(1))
	defer srv.Close()
	one := apiscript.RunningPod("shop", "cart")
	for i := range pods {
		p := *one // shares all that it points to, which saves 700 MB
		p.Name = fmt.Sprintf("cart-%05d", i)
		srv.Set(&p)
	}
	const streaming = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
	for name, query := range map[string]string{
		"streaming": streaming, "page": "?limit=500", "one pod": "?limit=1",
	} {
		b.Run(name, func(b *testing.B) {
			read := func() {
				body := fetch(b, srv, query)
				defer body.Close()
				srv.EndStreams() // once it has sent everything
				if _, err := io.Copy(io.Discard, body); err != nil {
					b.Fatal(err)
				}
			}
			began := time.Now()
			read()
			first := time.Since(began)
			b.ReportAllocs()
			for b.Loop() {
				read()
			}
			b.ReportMetric(float64(first.Milliseconds()), "first-ms")
		})
	}
}
