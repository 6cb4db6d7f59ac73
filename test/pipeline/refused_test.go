//go:build e2e

package pipeline

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

const (
	seed = root + "cmd/pod-status-logger/testdata/seed.jsonl"
	// inSeed is the number of the seed's records.
	inSeed = 19
)

// TestStoreRefuses checks that the Collector drops acknowledged records after some answers,
// counts them and continues. Most of these answers are not permanent, but the Collector has no
// setting for it.
func TestStoreRefuses(t *testing.T) {
	for _, status := range []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestEntityTooLarge,
		http.StatusInternalServerError,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			store := otlptest.New(t, otlptest.Options{HTTP: true})
			store.PlayAlways(&otlptest.Fault{Status: status, Message: "no"})
			c := newCollector(t, store.URL())
			metrics := freeport.Address(t)
			c.env = append(c.env, "PODSTATUS_METRICS_PORT="+metrics[strings.LastIndex(metrics, ":")+1:],
				"PODSTATUS_METRICS_HOST=127.0.0.1")
			c.start("yaml:service::telemetry::metrics::level: normal")
			run(t, c.otlp(), loggerProgram, "replay", seed) // ends well: all is acknowledged
			failed := regexp.MustCompile(`(?m)^otelcol_exporter_send_failed_log_records\{.*otlp_http.*\} 19$`)
			wait.Until(t, "the Collector counts them", func() bool {
				body, _ := program.Get(t, "http://"+metrics+"/metrics")
				return failed.MatchString(body)
			})
			if !strings.Contains(c.log(), "Dropping data") {
				t.Error("the Collector does not say that it drops data")
			}
			store.PlayAlways(nil)
			run(t, c.otlp(), loggerProgram, "replay", seed)
			wait.Until(t, "the next records get through", func() bool { return len(taken(store)) == inSeed })
			c.stop()
		})
	}
}

// TestStoreRefusesLogger checks that a logger that sends to the store itself keeps its records.
// Package core/otlp tests 400 and 413.
func TestStoreRefusesLogger(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusInternalServerError} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			store := otlptest.New(t, otlptest.Options{HTTP: true})
			store.PlayAlways(&otlptest.Fault{Status: status, Message: "no"})
			env := []string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=" + store.URL()}
			l := start(t, env, loggerProgram, "replay", "--stdout=false", "--shutdown-timeout=1m", seed)
			wait.Until(t, "the logger tries again", func() bool { return store.Attempts() > 1 })
			store.PlayAlways(nil)
			l.wait()
			if got := len(stored(t, store)); got != inSeed {
				t.Errorf("the store has %d records, want %d", got, inSeed)
			}
		})
	}
}
