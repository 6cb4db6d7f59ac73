//go:build e2e

package pipeline

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestLogStore checks that a real log store accepts the records of both pipelines, and finds
// them by their fields.
func TestLogStore(t *testing.T) {
	address := freeport.Address(t)
	store := start(t, nil, storeProgram, "-storageDataPath="+t.TempDir(), "-httpListenAddr="+address)
	store.AwaitOK(t, "http://"+address+"/health")
	c := newCollector(t, "http://"+address+"/insert/opentelemetry")
	c.start()
	lines := run(t, c.otlp(), loggerProgram, "demo", "--pace=0s", "--cluster-name=over-otlp")
	write(t, c.container(), cri(run(t, nil, loggerProgram, "demo", "--pace=0s", "--cluster-name=from-stdout"), 16<<10))

	finds := map[string]int{ // what of the lines each query has to find
		"*":                      bytes.Count(lines, []byte("\n")),
		"podstatus.state:=error": bytes.Count(lines, []byte(`"state":"error"`)),
		"bundle.name:=cart":      bytes.Count(lines, []byte(`"bundle.name":"cart"`)),
	}
	for _, cluster := range []string{"over-otlp", "from-stdout"} {
		of := `{k8s.cluster.name="` + cluster + `"} `
		wait.Until(t, "the store has all records "+cluster,
			func() bool { return len(query(t, address, of+"*")) >= finds["*"] })
		for q, want := range finds {
			if got := len(query(t, address, of+q)); got != want || got == 0 {
				t.Errorf("%s: the store finds %d records with %s, want %d", cluster, got, q, want)
			}
		}
		one := query(t, address,
			`{k8s.cluster.name="`+cluster+`",k8s.namespace.name="default"} podstatus.reason:=ErrImagePull`)[0]
		for field, want := range map[string]string{
			"k8s.container.name": "failer", "severity": "ERROR", "k8s.pod.status.phase": "Pending",
		} {
			if one[field] != want {
				t.Errorf("%s: the store shows %s as %q, want %q", cluster, field, one[field], want)
			}
		}
		if !strings.HasPrefix(one["_msg"], "container failer of pod default/failer-") {
			t.Errorf("%s: the store shows %q as the message", cluster, one["_msg"])
		}
	}
	c.stop()
	store.kill() // it takes its time
}

// query queries VictoriaLogs for records.
func query(t *testing.T, address, q string) (all []map[string]string) {
	t.Helper()
	response, err := http.PostForm("http://"+address+"/select/logsql/query", url.Values{"query": {q}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("query %s: %v: %s", q, err, body)
	}
	for line := range bytes.Lines(body) {
		e := make(map[string]string)
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("query %s: %v: %s", q, err, line)
		}
		all = append(all, e)
	}
	return all
}
