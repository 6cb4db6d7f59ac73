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

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestAlertFires has a real Prometheus with the rules scrape the program. First nothing fires;
// the alert fires when the receiver is away, and ends when it is back. Its five minutes are
// two seconds here.
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
	target := startProgram(t, staticAPI(t, changes), receiver.URL)
	server := startPrometheus(t, target, impatient(t, "PodStatusLoggerReceiverAway"))

	value := func(expr string) (string, error) { return query1(t, server, expr) }
	wait.NoError(t, "the receiver has the pod", func() error {
		return want(
			value(`pod_status_logger_sink_acknowledged_records_total{sink="otlp"} > 0 and on () pod_status_logger_ready == 1`),
		)
	})
	if firing, err := value(`ALERTS{alertstate="firing"}`); err != nil || firing != "" {
		t.Errorf("without a fault %s fires: %v", firing, err)
	}
	away.Store(true)
	changes <- 2
	wait.NoError(t, "the alert fires", func() error {
		return want(value(
			`ALERTS{alertstate="firing", alertname="PodStatusLoggerReceiverAway", job="pod-status-logger", severity="warning"}`,
		))
	})
	away.Store(false)
	wait.NoError(t, "the alert ends", func() error {
		return want(
			value(`pod_status_logger_sink_waiting_records{sink="otlp"} == 0 unless on () ALERTS{alertstate="firing"}`),
		)
	})
}

// TestMetricsOverOTLP checks that metrics sent to Prometheus' OTLP receiver have the same names
// as scraped ones, so that alerts and dashboard work for both.
func TestMetricsOverOTLP(t *testing.T) {
	server := startPrometheus(t, freeport.Address(t), rulesPath, "--web.enable-otlp-receiver")
	target := startProgram(t, staticAPI(t, nil), "http://127.0.0.1:1", "OTEL_METRICS_EXPORTER=otlp",
		"OTEL_METRIC_EXPORT_INTERVAL=500",
		"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/protobuf",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="+server+"/api/v1/otlp/v1/metrics")
	page, err := program.Get(t, "http://"+target+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(seriesOf(t, page))) {
		if strings.HasPrefix(name, "process_") { // some of them only come with the first read or write
			continue
		}
		wait.NoError(t, name+" comes over OTLP", func() error {
			return want(query1(t, server, name+`{job="pod-status-logger", instance!=""}`))
		})
	}
}

// impatient returns a file with the rules, in which the named one waits two seconds.
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
	dir, address := t.TempDir(), freeport.Address(t)
	rules, err := filepath.Abs(rules)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "prometheus.yml")
	write(t, config, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}
rule_files: [%s]
scrape_configs:
- job_name: pod-status-logger
  static_configs: [{targets: [%q]}]
`, rules, target))
	promtool(t, "", "check", "config", config)
	start(t, nil, prometheusBin, append(flags, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")...).AwaitOK(t, "http://"+address+"/-/ready")
	return "http://" + address
}

// query1 returns the first series of the answer, empty if there is none.
func query1(t *testing.T, server, expr string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/api/v1/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	q := request.URL.Query()
	q.Set("query", expr)
	request.URL.RawQuery = q.Encode()
	body, err := program.Get(t, request.URL.String())
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
