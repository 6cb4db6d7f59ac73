package helm

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
)

// as returns a client configuration with a token of the ServiceAccount from the TokenRequest
// API, as a pod of the release has it.
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

// writeKubeconfig writes a kubeconfig for the cluster with a token alone.
func writeKubeconfig(t *testing.T, config *rest.Config) string {
	t.Helper()
	k := clientcmdapi.NewConfig()
	k.Clusters["c"] = &clientcmdapi.Cluster{
		Server: config.Host, CertificateAuthorityData: config.CAData, CertificateAuthority: config.CAFile,
	}
	k.AuthInfos["a"] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
	k.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "a"}
	k.CurrentContext = "x"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*k, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// logger is the program, run outside of the cluster as the ServiceAccount of a release and
// with its configuration.
type logger struct {
	*program.Program
	t       *testing.T
	address string
}

// startLogger starts the program. The files that a pod mounts are in folders of the test.
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
	l := &logger{t: t, address: freeport.Address(t)}
	l.start(program.Command{Path: loggerProgram, Args: []string{
		"--config", file, "--state-dir", filepath.Join(dir, "state"), "--listen", l.address, "--kubeconfig",
		writeKubeconfig(t, c.as(t, ns, name)),
	}})
	return l
}

// start runs the command until stop, or until the test ends.
func (l *logger) start(c program.Command) {
	l.t.Helper()
	l.Program = program.Start(l.t, c)
	l.t.Cleanup(l.stop)
}

// stop ends the program with SIGTERM, which must succeed.
func (l *logger) stop() {
	if err := l.Stop(); err != nil {
		l.t.Error(err)
	}
}

// again starts the stopped program with the same arguments and files.
func (l *logger) again() { l.start(l.Command) }

func (l *logger) log() string { return l.Log(l.t) }

// readyz returns the response to a readiness probe, empty without one.
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

// record has the fields that the tests check.
type record struct {
	Namespace, Pod, Action string
	Bundle                 string `json:"bundle.id"`
}

func (l *logger) records() (all []record) {
	for line := range strings.Lines(l.Output(l.t)) {
		var r record
		if json.Unmarshal([]byte(line), &r) == nil { // the last line may be half written
			all = append(all, r)
		}
	}
	return all
}

// has reports whether a record is as wanted.
func (l *logger) has(want func(record) bool) bool {
	return slices.ContainsFunc(l.records(), want)
}
