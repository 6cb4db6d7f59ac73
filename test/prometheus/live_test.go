package prometheus

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
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

// TestMetricsOverOTLP: what the program sends to Prometheus' OTLP receiver has the
// names that it has when it is scraped, so that alerts and dashboard hold for it.
func TestMetricsOverOTLP(t *testing.T) {
	server := startPrometheus(t, freeAddress(t), rulesPath, "--web.enable-otlp-receiver")
	program := startProgram(t, staticAPI(t, nil), "http://127.0.0.1:1", "OTEL_METRICS_EXPORTER=otlp", "OTEL_METRIC_EXPORT_INTERVAL=500",
		"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="+server+"/api/v1/otlp/v1/metrics")
	page, err := get(t, "http://"+program+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(seriesOf(t, page))) {
		if strings.HasPrefix(name, "process_") { // some of them only come with the first read or write
			continue
		}
		eventually(t, name+" comes over OTLP", func() error {
			return want(query1(t, server, name+`{job="pod-status-logger", instance!=""}`))
		})
	}
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

func startPrometheus(t *testing.T, target, rules string, flags ...string) (url string) {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	rules, err := filepath.Abs(rules)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "prometheus.yml")
	write(t, config, fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
rule_files: [%s]
scrape_configs:
- job_name: pod-status-logger
  static_configs: [{targets: [%q]}]
`, rules, target))
	promtool(t, "", "check", "config", config)
	run(t, nil, prometheusBin, append(flags, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")...)
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
