package prometheus

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAlertFires: a real Prometheus scrapes the real program, with the rules.
// While all is well nothing fires; when the receiver goes away the alert does,
// and ends when it is back. Its five minutes are two seconds here.
func TestAlertFires(t *testing.T) {
	var away atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(receiver.Close)
	changes := make(chan int)
	program := startProgram(t, staticAPI(t, changes), receiver.URL)
	server := startPrometheus(t, program, impatient(t, "PodStatusLoggerReceiverAway"))

	value := func(expr string) (string, error) { return query1(t, server, expr) }
	eventually(t, "the receiver has the pod", func() error {
		return want(value(`pod_status_logger_sink_acknowledged_records_total{sink="otlp"} > 0 and on () pod_status_logger_ready == 1`))
	})
	if firing, err := value(`ALERTS{alertstate="firing"}`); err != nil || firing != "" {
		t.Errorf("while all is well %s fires: %v", firing, err)
	}
	away.Store(true)
	changes <- 2
	eventually(t, "the alert fires", func() error {
		return want(value(`ALERTS{alertstate="firing", alertname="PodStatusLoggerReceiverAway", job="pod-status-logger", severity="warning"}`))
	})
	away.Store(false)
	eventually(t, "the alert ends", func() error {
		return want(value(`pod_status_logger_sink_waiting_records{sink="otlp"} == 0 unless on () ALERTS{alertstate="firing"}`))
	})
}

// impatient returns the rules, of which the named one waits two seconds.
func impatient(t *testing.T, alert string) string {
	t.Helper()
	text := read(t, rulesPath)
	before, rest, ok := strings.Cut(text, "alert: "+alert+"\n")
	mine, after, ok2 := strings.Cut(rest, "labels:")
	short := strings.NewReplacer("> 300", "> 2", "for: 5m", "for: 1s").Replace(mine)
	if !ok || !ok2 || strings.Count(short, "> 2\n") != 1 || strings.Count(short, "for: 1s") != 1 {
		t.Fatalf("%s is not as this test has it:\n%s", alert, mine)
	}
	path := filepath.Join(t.TempDir(), "alerts.yaml")
	write(t, path, before+"alert: "+alert+"\n"+short+"labels:"+after)
	return path
}

func startPrometheus(t *testing.T, target, rules string) (url string) {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	config := filepath.Join(dir, "prometheus.yml")
	write(t, config, fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
rule_files: [%s]
scrape_configs:
- job_name: pod-status-logger
  static_configs: [{targets: [%q]}]
`, rules, target))
	promtool(t, "", "check", "config", config)
	run(t, prometheusBin, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	eventually(t, "Prometheus is ready", func() error { _, err := get(t, "http://"+address+"/-/ready"); return err })
	return "http://" + address
}

// query1 returns the first series of the answer, or "" where there is none.
func query1(t *testing.T, server, expr string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/api/v1/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	q := request.URL.Query()
	q.Set("query", expr)
	request.URL.RawQuery = q.Encode()
	body, err := get(t, request.URL.String())
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	decode(t, body, &answer)
	if len(answer.Data.Result) == 0 {
		return "", nil
	}
	return fmt.Sprint(answer.Data.Result[0].Metric), nil
}

func want(series string, err error) error {
	if err == nil && series == "" {
		return errors.New("there is no such series")
	}
	return err
}
