package helm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// as returns a client configuration with a token of the ServiceAccount, as a pod
// of the release has it: from the TokenRequest API.
func (c *control) as(t *testing.T, ns, account string) *rest.Config {
	t.Helper()
	hour := int64(3600)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &hour}}
	token, err := c.client.CoreV1().ServiceAccounts(ns).CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = token.Status.Token
	return config
}

// writeKubeconfig writes one that leads to the cluster with nothing but a token.
func writeKubeconfig(t *testing.T, config *rest.Config) string {
	t.Helper()
	k := clientcmdapi.NewConfig()
	k.Clusters["c"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData, CertificateAuthority: config.CAFile}
	k.AuthInfos["a"] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
	k.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "a"}
	k.CurrentContext = "x"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*k, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// logger is the program, run outside of the cluster as the ServiceAccount of a
// release, with the configuration of that release.
type logger struct {
	t              *testing.T
	cmd            *exec.Cmd
	address        string
	stdout, stderr string // files
}

// startLogger starts it. What a pod would have mounted is in folders of the test.
func (c *control) startLogger(t *testing.T, ns, release string) *logger {
	t.Helper()
	name := release + "-pod-status-logger"
	config, err := c.client.CoreV1().ConfigMaps(ns).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config.Data["config.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &logger{t: t, address: freeAddress(t), stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr")}
	l.cmd = exec.Command(loggerProgram, "--config", file, "--state-dir", filepath.Join(dir, "state"), "--listen", l.address,
		"--kubeconfig", writeKubeconfig(t, c.as(t, ns, name)))
	l.start()
	return l
}

// start runs the command until stop, or until the test ends.
func (l *logger) start() {
	l.t.Helper()
	l.cmd.Stdout, l.cmd.Stderr = l.open(l.stdout), l.open(l.stderr)
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		l.stop()
		if l.t.Failed() {
			l.t.Logf("stderr of the program:\n%s", l.log())
		}
	})
}

func (l *logger) open(file string) *os.File {
	l.t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}

// stop ends the program by SIGTERM, which must succeed; a second time does nothing.
func (l *logger) stop() {
	if l.cmd.ProcessState != nil {
		return
	}
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(30*time.Second, func() { _ = l.cmd.Process.Kill() })
	defer timer.Stop()
	if err := l.cmd.Wait(); err != nil {
		l.t.Errorf("the program ended with %v", err)
	}
}

// again starts the program that was stopped as it was started before.
func (l *logger) again() {
	l.cmd = exec.Command(l.cmd.Path, l.cmd.Args[1:]...)
	l.start()
}

func (l *logger) log() string {
	b, err := os.ReadFile(l.stderr)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

// readyz returns the answer to a readiness probe, "" where there is none.
func (l *logger) readyz() string {
	response, err := http.Get("http://" + l.address + "/readyz")
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return response.Status + " " + string(body)
}

func (l *logger) ready() bool { return strings.HasPrefix(l.readyz(), "200") }

// record has what the tests look at.
type record struct {
	Namespace, Pod, Action string
	Bundle                 string `json:"bundle.id"`
}

func (l *logger) records() (all []record) {
	b, err := os.ReadFile(l.stdout)
	if err != nil {
		l.t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line may be half written
			all = append(all, r)
		}
	}
	return all
}

// has reports whether one of the records is as wanted.
func (l *logger) has(want func(record) bool) bool {
	return slices.ContainsFunc(l.records(), want)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
