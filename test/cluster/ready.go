package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// readyTimeout is generous, for busy machines: on an idle one, the slowest component needs five seconds.
const readyTimeout = 3 * time.Minute

// launch starts a component and waits until it works.
func (f folder) launch(ctx context.Context, c component) error {
	if err := f.spawn(c); err != nil {
		return err
	}
	return f.awaitReady(ctx, c)
}

// awaitReady waits until the component's health URL returns 200. Its error contains the log
// file's name and the end of the log.
func (f folder) awaitReady(ctx context.Context, c component) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("not ready after %s", readyTimeout))
	defer cancel()
	for {
		probeErr := probe(ctx, c.Health)
		if probeErr == nil {
			return nil
		}
		pid, err := f.running(c.Name)
		if err != nil {
			return err
		}
		if pid == 0 {
			return f.failure(c, errors.New("it exited before it was ready"))
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return f.failure(c, fmt.Errorf("%w, last probe: %w", context.Cause(ctx), probeErr))
		}
	}
}

// probeClient doesn't verify certificates: controller manager and scheduler create one at each
// start, and only a status code from loopback matters.
//
//nolint:gochecknoglobals // Never changed.
var probeClient = &http.Client{
	Timeout: 2 * time.Second,
	Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	},
}

func probe(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := probeClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
	return fmt.Errorf("get %s: %s: %s", url, resp.Status, bytes.TrimSpace(body))
}

func (f folder) failure(c component, err error) error {
	return fmt.Errorf("start %s: %w\n%s ends with:\n%s", c.Name, err, f.log(c.Name), tail(f.log(c.Name), 20))
}

// tail returns the last lines of a file, or the error.
func tail(path string, lines int) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return []byte("(empty)")
	}
	parts := bytes.Split(text, []byte("\n"))
	return bytes.Join(parts[max(0, len(parts)-lines):], []byte("\n"))
}
