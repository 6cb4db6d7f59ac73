package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/pod-status-logger/pod-status-logger/test/node/namespace"
)

// awaitReady waits until a component works. Its error ends with the end of the
// component's log.
func (f folder) awaitReady(ctx context.Context, c component) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyPatience, fmt.Errorf("not ready after %s", readyPatience))
	defer cancel()
	for {
		probeErr := f.probe(ctx, c)
		if probeErr == nil {
			return nil
		}
		process, err := f.running(c.Name)
		if err != nil {
			return err
		}
		if process == nil {
			return f.failure(c, errors.New("it exited before it was ready"))
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return f.failure(c, fmt.Errorf("%w, last probe: %w", context.Cause(ctx), probeErr))
		}
	}
}

func (f folder) failure(c component, err error) error {
	return fmt.Errorf("start %s: %w\n%s ends with:\n%s", c.Name, err, f.log(c.Name), tail(f.log(c.Name), 20))
}

func (f folder) probe(ctx context.Context, c component) error {
	if c.Name == containerd {
		return f.probeRuntime(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Health, nil)
	if err != nil {
		return err
	}
	client := http.Client{
		Timeout: 2 * time.Second,
		Transport: &http.Transport{
			// Controller manager and scheduler make up a certificate at each start.
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			DialContext:       f.dial,
			DisableKeepAlives: true,
		},
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
	return fmt.Errorf("get %s: %s: %s", c.Health, resp.Status, bytes.TrimSpace(body))
}

// probeRuntime asks containerd for its version by the interface that the kubelet
// uses, which answers later than others.
func (f folder) probeRuntime(ctx context.Context) error {
	conn, err := grpc.NewClient("passthrough:///"+containerdSocket,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return f.dial(ctx, "unix", address)
		}))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err = runtimeapi.NewRuntimeServiceClient(conn).Version(ctx, &runtimeapi.VersionRequest{})
	return err
}

// dial connects from within the node's namespaces.
func (f folder) dial(ctx context.Context, network, address string) (net.Conn, error) {
	pid, err := f.holder()
	if err != nil {
		return nil, err
	}
	return namespace.Dial(ctx, pid, network, address)
}
