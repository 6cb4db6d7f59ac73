package pluginhost

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func TestMain(m *testing.M) {
	if faulty.Main() {
		return
	}
	// Most tests wait for plugins most of the time, so more can run at once than there are processors.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// specOf returns the spec of a faulty plugin.
func specOf(t testing.TB, behaviour string) Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Spec{
		Name: faulty.Name, Command: self, Args: faulty.Args(behaviour),
		Env: []string{"GOCOVERDIR=" + t.TempDir()}, // else it complains in the end, where coverage is measured
	}
}

// hosted starts a plugin, and ends it with the test.
func hosted(t *testing.T, spec Spec) (*Plugin, *logbuffer.Buffer) {
	t.Helper()
	host, log := start(t, spec)
	t.Cleanup(host.Close)
	return host.Plugins()[0], log
}

// start starts plugins.
func start(t *testing.T, specs ...Spec) (*Host, *logbuffer.Buffer) {
	t.Helper()
	log := &logbuffer.Buffer{}
	host, err := Start(t.Context(), specs, slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return host, log
}

// batchOf returns records of so many pods.
func batchOf(n int) []record.Record {
	batch := make([]record.Record, n)
	for i := range batch {
		batch[i] = record.Record{Action: record.Create, Pod: &record.Pod{
			Name: fmt.Sprintf("web-%d", i), Namespace: "shop", UID: fmt.Sprintf("uid-%d", i),
			Labels: record.NewLabels(map[string]string{"app": "web"}),
		}}
	}
	return batch
}

// deadline is that of a call.
func deadline(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// answers waits until the plugin answers rightly.
func answers(t *testing.T, p *Plugin) {
	t.Helper()
	wait.NoError(t, "an answer", func() error {
		patches, err := p.Patch(deadline(t, 10*time.Second), batchOf(1))
		if err == nil && (len(patches) != 1 || patches[0].Attributes[0].Value.AsString() != "web-0") {
			return fmt.Errorf("%v", patches)
		}
		return err
	})
}

// pidOf returns the process id of a plugin that is running.
func pidOf(p *Plugin) int { return p.current.Load().body.(*process).pid() }
