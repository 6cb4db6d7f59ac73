//go:build node

package scenarios

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// program is the program under test, which runs as a process beside the node.
type program struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr string
	client         *http.Client
}

const listen = "127.0.0.1:9464"

// startProgram starts the program and waits until it is ready.
func (n node) startProgram(t *testing.T) *program {
	t.Helper()
	logger, err := filepath.Abs(nodetest.LoggerProgram)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{
		t: t, stdout: filepath.Join(n.Dir, "logger.stdout"), stderr: filepath.Join(n.Dir, "logger.stderr"),
		client: &http.Client{
			Timeout:   5 * time.Second,
			Transport: &http.Transport{DialContext: n.Dial, DisableKeepAlives: true},
		},
	}
	p.cmd = n.Enter(logger, "--kubeconfig", n.LoggerKubeconfig, "--listen", listen)
	stdout, err := os.Create(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdout.Close() }()
	stderr, err := os.Create(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stderr.Close() }()
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	nodetest.Eventually(t, "the program is ready", func() bool {
		response, err := p.client.Get("http://" + listen + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return p
}

// stop ends the program, which must succeed.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		b, _ := os.ReadFile(p.stderr)
		p.t.Errorf("the program ended with %v; its log:\n%s", err, b)
	}
}

// records reads the complete lines of stdout.
func (p *program) records() (all []object) {
	p.t.Helper()
	text, err := os.ReadFile(p.stdout)
	if err != nil {
		p.t.Fatal(err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, len(text)+1)
	for scanner.Scan() {
		var rec object
		if err := json.Unmarshal(scanner.Bytes(), &rec); err != nil {
			p.t.Fatalf("stdout: %v: %s", err, scanner.Text())
		}
		all = append(all, rec)
	}
	return all
}

// await waits until the program has emitted a record of that pod version.
func (p *program) await(uid, version string) {
	p.t.Helper()
	nodetest.Eventually(p.t, "the record of pod "+uid+" at "+version, func() bool {
		for _, rec := range p.records() {
			if rec["pod_uid"] == uid && rec["resource_version"] == version {
				return true
			}
		}
		return false
	})
}

// warnings are the messages of the program's log that are more than information.
func (p *program) warnings() (all []string) {
	p.t.Helper()
	b, err := os.ReadFile(p.stderr)
	if err != nil {
		p.t.Fatal(err)
	}
	for text := range strings.Lines(string(b)) {
		var entry struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			p.t.Fatalf("log: %v: %s", err, text)
		}
		if entry.Level == "WARN" || entry.Level == "ERROR" {
			all = append(all, entry.Msg)
		}
	}
	return all
}
