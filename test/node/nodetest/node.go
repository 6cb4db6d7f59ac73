// Package nodetest starts a real node for the tests of other packages.
package nodetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/node/namespace"
)

// The programs, as the Makefile builds them, from the folder of a package's tests.
const (
	nodeProgram    = "../bin/node"
	ClusterProgram = "../../cluster/bin/cluster"
	LoggerProgram  = "../../../bin/pod-status-logger"
)

// Patience is how long a test waits for something that has to come.
const Patience = 3 * time.Minute

// Node is a cluster of one node.
type Node struct {
	// Dir is the folder of the cluster.
	Dir string
	// LoggerKubeconfig belongs to a user who may list and watch pods, and get their
	// owners.
	LoggerKubeconfig string
	// URL is that of the API server, which Client reaches.
	URL string
	// Client is the administrator's.
	Client *http.Client

	pid int
}

// Shared is a node that the tests of a package share. The first one starts it.
type Shared struct {
	start func() (*Node, error)
	dir   string
	end   func() error
}

// NewShared returns a node with further keys of the kubelet's configuration in a file.
func NewShared(kubeletConfig string) *Shared {
	s := &Shared{}
	s.start = sync.OnceValues(func() (n *Node, err error) {
		// Not a test's folder, whose name may be too long for a socket.
		if s.dir, err = os.MkdirTemp("", "node"); err != nil {
			return nil, err
		}
		if s.end, err = endLater(s.dir); err != nil {
			return nil, err
		}
		return start(s.dir, kubeletConfig)
	})
	return s
}

// endLater starts a process that ends the node when the returned function is called,
// or when the tests end in any other way, such as a timeout.
func endLater(dir string) (func() error, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(nodeProgram, "down", "--after-stdin", "--dir", dir)
	cmd.Stderr = &stderr
	// Ctrl-C is for the tests alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return func() error {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("node down: %w\n%s", err, stderr.String())
		}
		return nil
	}, cmd.Start()
}

// Node returns the node.
func (s *Shared) Node(t *testing.T) *Node {
	t.Helper()
	n, err := s.start()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Run runs the tests of a package, ends the node, and returns the exit code. The
// node's folder stays if a test failed.
func (s *Shared) Run(m *testing.M) int {
	code := m.Run()
	if s.end == nil {
		return code
	}
	if err := s.end(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code != 0 {
		fmt.Fprintln(os.Stderr, "the logs of the node are in", filepath.Join(s.dir, "logs"))
		return code
	}
	_ = os.RemoveAll(s.dir)
	return code
}

func start(dir, kubeletConfig string) (*Node, error) {
	out, err := exec.Command(nodeProgram, "up", "--dir", dir, "--kubelet-config", kubeletConfig).Output()
	if err != nil {
		return nil, Explain(err)
	}
	var info struct {
		LoggerKubeconfig string `json:"logger_kubeconfig"`
		URL              string `json:"apiserver_url"`
		PID              int    `json:"pid"`
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return nil, err
	}
	n := &Node{Dir: dir, LoggerKubeconfig: info.LoggerKubeconfig, URL: info.URL, pid: info.PID}
	return n, n.connect()
}

// connect makes the administrator's client.
func (n *Node) connect() error {
	pki := func(file string) string { return filepath.Join(n.Dir, "pki", file) }
	certificate, err := tls.LoadX509KeyPair(pki("admin.crt"), pki("admin.key"))
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(pki("ca.crt"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	n.Client = &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots},
		DialContext:         n.Dial,
		MaxIdleConnsPerHost: 20,
	}}
	return nil
}

// Dial connects from within the node's namespaces.
func (n *Node) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return namespace.Dial(ctx, n.pid, network, address)
}

// Explain adds a command's stderr to its error.
func Explain(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}

func command(ctx context.Context, dir string, args ...string) error {
	out, err := exec.CommandContext(ctx, nodeProgram, append(args, "--dir", dir)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("node %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Component starts, stops or kills one of the node's programs.
func (n *Node) Component(t *testing.T, action, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), Patience)
	defer cancel()
	if err := command(ctx, n.Dir, "component", action, name); err != nil {
		t.Fatal(err)
	}
}

// Enter returns a command that runs in the node's namespaces.
func (n *Node) Enter(args ...string) *exec.Cmd {
	return exec.Command(nodeProgram, n.enter(args)...)
}

func (n *Node) enter(args []string) []string {
	return append([]string{"enter", "--dir", n.Dir, "--"}, args...)
}

// Run runs a command in the node's namespaces, which must succeed, and returns its
// output.
func (n *Node) Run(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, nodeProgram, n.enter(args)...)
	// Unlike SIGKILL, SIGTERM reaches the command in the namespaces.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), Explain(err))
	}
	return string(out)
}

// Eventually waits until a condition holds.
func Eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !condition(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("does not happen: %s", what)
		}
	}
}
