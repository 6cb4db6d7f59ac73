//go:build loghouse

package loghouse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/need"
	"github.com/pod-status-logger/pod-status-logger/test/program"
)

// clickhouse is a server that exists as long as the test, with all its files in a folder of
// the test.
type clickhouse struct{ url string }

// startClickHouse starts a server with loghouse's tables. If Debian's package is not
// installed, it skips the test, except in CI.
func startClickHouse(t *testing.T) *clickhouse {
	t.Helper()
	server, err := exec.LookPath("clickhouse-server")
	if err != nil {
		need.Missing(t, "clickhouse-server (apt-get install -y --no-install-recommends clickhouse-server)", err)
	}
	dir, port := t.TempDir(), freeport.Port(t)
	for name, text := range map[string]string{
		"config.xml": fmt.Sprintf(serverConfig, port, dir), "users.xml": usersConfig,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &clickhouse{url: fmt.Sprintf("http://127.0.0.1:%d/", port)}
	program.Start(t, program.Command{
		Path: server, Args: []string{"--config-file=config.xml"}, Dir: dir,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, // if the test is killed
	}).AwaitOK(t, c.url+"ping")
	for _, statement := range tables {
		c.do(t, statement, nil)
	}
	return c
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

// do sends a statement, and returns its output.
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
