// Command frames is the limit of what a watch of pods can cost: it reads the bytes of a watch
// in protobuf and cuts them into frames, and looks into none. It does so over HTTP/1.1: HTTP/2
// costs more. A hundred times a second, it prints its progress on stdout, as resourceVersions
// are counted by the scripted API server.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
	"github.com/pod-status-logger/pod-status-logger/bench/debug"
)

func main() {
	debug.Serve()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(),
		nil).ClientConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	config.NextProtos, config.DisableCompression = []string{"http/1.1"}, true
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	query := url.Values{
		"watch": {"true"}, "allowWatchBookmarks": {"true"}, "sendInitialEvents": {"true"},
		"resourceVersionMatch": {"NotOlderThan"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host+"/api/v1/pods?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", runtime.ContentTypeProtobuf)
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp.Body)
}

// read reads frames, each behind its length, until the body ends.
func read(body io.Reader) error {
	var last counted
	go last.printProgress()
	in := bufio.NewReaderSize(body, 64<<10)
	for {
		length, err := in.Peek(4)
		if err != nil {
			return fmt.Errorf("read length: %w", err)
		}
		if _, err := in.Discard(4 + int(binary.BigEndian.Uint32(length))); err != nil {
			return fmt.Errorf("read frame: %w", err)
		}
		last.frames.Add(1)
	}
}

// counted is the number of frames read.
type counted struct{ frames atomic.Int64 }

// printProgress writes it when it has changed. The first frames are the pods and the bookmark
// that ends their list.
func (c *counted) printProgress() {
	var told int64
	for range time.Tick(10 * time.Millisecond) {
		if now := c.frames.Load(); now != told {
			told = now
			fmt.Printf("%s%0*d\n", apiserver.Mark, apiserver.VersionDigits, told-1)
		}
	}
}
