//go:build loghouse

package loghouse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// clickhouse is a server that lives as long as the test, with everything in a
// folder of its own.
type clickhouse struct{ url string }

// startClickHouse starts a server with loghouse's tables. Where Debian's package is
// missing, CI fails.
func startClickHouse(t *testing.T) *clickhouse {
	t.Helper()
	program, err := exec.LookPath("clickhouse-server")
	if err != nil {
		lack := "no clickhouse-server: apt-get update && apt-get install -y --no-install-recommends clickhouse-server"
		if os.Getenv("CI") != "" {
			t.Fatal(lack)
		}
		t.Skip(lack)
	}
	for range 5 { // another process may take the port first
		if c := tryClickHouse(t, program); c != nil {
			for _, statement := range tables {
				c.do(t, statement, nil)
			}
			return c
		}
	}
	t.Fatal("clickhouse-server did not start")
	return nil
}

// tryClickHouse returns nil where the server ends at once.
func tryClickHouse(t *testing.T, program string) *clickhouse {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	for name, text := range map[string]string{"config.xml": fmt.Sprintf(serverConfig, port, dir), "users.xml": usersConfig} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--config-file=config.xml")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // also where the test is killed
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	c := &clickhouse{url: fmt.Sprintf("http://127.0.0.1:%d/", port)}
	if c.await(t, ended) {
		return c
	}
	t.Logf("clickhouse-server ended: %s", out.String())
	return nil
}

// await returns whether the server answers, or else has ended.
func (c *clickhouse) await(t *testing.T, ended <-chan struct{}) bool {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case <-ended:
			return false
		case <-timeout:
			t.Fatal("clickhouse-server does not answer")
		case <-time.After(20 * time.Millisecond):
		}
		if answer, err := c.post(url.Values{}, []byte("SELECT 1")); err == nil && answer == "1\n" {
			return true
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// store inserts rows as loghouse's fluentd does, and has the buffer written out.
func (c *clickhouse) store(t *testing.T, rows []row) {
	t.Helper()
	b, err := chunk(rows)
	if err != nil {
		t.Fatal(err)
	}
	c.do(t, "INSERT INTO logs_buffer FORMAT JSONEachRow", b)
	c.do(t, "OPTIMIZE TABLE logs_buffer", nil)
}

// do sends a statement, and returns what it prints.
func (c *clickhouse) do(t *testing.T, statement string, data []byte) string {
	t.Helper()
	parameters := url.Values{"query": {statement}}
	if !strings.HasPrefix(statement, "CREATE DATABASE") {
		parameters.Set("database", "logs")
	}
	answer, err := c.post(parameters, data)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return answer
}

// found returns what loghouse finds for a query of the last hours.
func (c *clickhouse) found(query string) ([]result, error) {
	condition, err := where(query)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return c.rows(selectRows(condition, now.Add(-12*time.Hour), now.Add(time.Minute), 10000))
}

// rows returns the rows that a statement selects.
func (c *clickhouse) rows(statement string) (all []result, err error) {
	answer, err := c.post(url.Values{"database": {"logs"}}, []byte(statement+" FORMAT JSONEachRow"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(answer) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func (c *clickhouse) post(parameters url.Values, body []byte) (string, error) {
	response, err := http.Post(c.url+"?"+parameters.Encode(), "text/plain", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(answer)))
	}
	return string(answer), err
}
