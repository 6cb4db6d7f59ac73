package watch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// BenchmarkDecode reads one frame of a realistic pod again and again, without a
// network: the cost of an event up to the reader.
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
		opts []apiscript.Option
	}{
		{"protobuf/2KB", 2 << 10, nil},
		{"protobuf/5KB", 5 << 10, nil},
		{"protobuf/15KB", 15 << 10, nil},
		{"json/5KB", 5 << 10, []apiscript.Option{apiscript.WithJSONOnly()}},
	} {
		b.Run(c.name, func(b *testing.B) {
			frame, contentType := record(b, c.size, c.opts...)
			cfg := &rest.Config{Host: "http://localhost", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if !r.URL.Query().Has("watch") {
					return nil, errors.New("no lists here")
				}
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}},
					Body: io.NopCloser(&repeat{data: frame}), Request: r,
				}, nil
			})}
			b.SetBytes(int64(len(frame)))
			read(b, cfg, "1000")
		})
	}
}

// BenchmarkStream reads b.N different events from the history of a server on
// the loopback interface, which has encoded them before.
func BenchmarkStream(b *testing.B) {
	for name, opts := range map[string][]apiscript.Option{
		"protobuf": nil,
		"json":     {apiscript.WithJSONOnly()},
		"tls":      {apiscript.WithTLS()},
	} {
		b.Run(name, func(b *testing.B) {
			srv := apiscript.NewServer(append(opts, apiscript.WithHistory(b.N+1))...)
			defer srv.Close()
			p := apiscript.PodOfSize("shop", "cart", 5<<10)
			for range b.N {
				srv.Set(p)
			}
			readAll(b, srv, io.Discard) // makes it encode
			read(b, srv.Config(), "1000")
		})
	}
}

// read times b.N events of a stream.
func read(b *testing.B, cfg *rest.Config, from string) {
	b.Helper()
	client, err := watch.NewClient(cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	out, done := make(chan watch.Event), make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	go func() { done <- watch.New(watch.Settings{Client: client}).Run(ctx, from, out) }()
	for range b.N {
		ev := <-out
		ev.Release()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	cancel()
	<-done
}

// record returns the frame of one event as the server sends it.
func record(b *testing.B, size int, opts ...apiscript.Option) (frame []byte, contentType string) {
	b.Helper()
	srv := apiscript.NewServer(opts...)
	defer srv.Close()
	srv.Create(apiscript.PodOfSize("shop", "cart", size))
	var body bytes.Buffer
	contentType = readAll(b, srv, &body)
	return body.Bytes(), contentType
}

// readAll reads a watch of the server's whole history.
func readAll(b *testing.B, srv *apiscript.Server, to io.Writer) (contentType string) {
	b.Helper()
	client, err := rest.HTTPClientFor(srv.Config())
	if err != nil {
		b.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet,
		srv.URL()+"/api/v1/pods?watch=1&resourceVersion=1000", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.kubernetes.protobuf,application/json")
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	srv.EndStreams() // once it has sent everything
	if _, err := io.Copy(to, resp.Body); err != nil {
		b.Fatal(err)
	}
	return resp.Header.Get("Content-Type")
}

// repeat is a body without an end.
type repeat struct {
	data []byte
	rest []byte
}

func (r *repeat) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		r.rest = r.data
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
