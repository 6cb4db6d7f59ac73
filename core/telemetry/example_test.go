package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// The server answers the probes of Kubernetes. A check that fails makes the program unready,
// and the answer contains the reason.
func ExampleListen() {
	checks := telemetry.Checks{
		{Name: "watch", Failure: func() error { return nil }},
		{Name: "journal", Failure: func() error { return errors.New("the journal is full") }},
	}
	server, err := telemetry.Listen(context.Background(), telemetry.Settings{
		Address: "127.0.0.1:0", Metrics: telemetry.NewMetrics("1.0.0").Registry, Checks: checks,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve() }()
	answer, err := http.Get("http://" + server.Addr().String() + "/readyz?verbose")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Printf("%s\n%s", answer.Status, body)
	fmt.Println(err, server.Close(), <-served)
	// Output:
	// 503 Service Unavailable
	// [+]watch ok
	// [-]journal failed: the journal is full
	// readyz check failed
	// <nil> <nil> <nil>
}
