package pluginhost

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
)

func TestMain(m *testing.M) {
	if faulty.Main() {
		return
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
func hosted(t *testing.T, spec Spec) (*Plugin, *logged) {
	t.Helper()
	log := &logged{}
	host, err := Start(t.Context(), []Spec{spec}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return host.Plugins()[0], log
}

// logged is what the host has logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

func (l *logged) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(l.String(), text) }, func() string { return "log lacks " + text + ":\n" + l.String() })
}

// patience is how long a test waits for something that has to happen.
const patience = time.Minute

func eventually(t *testing.T, condition func() bool, otherwise func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise())
		}
	}
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
	var err error
	eventually(t, func() bool {
		patches, callErr := p.Patch(deadline(t, 10*time.Second), batchOf(1))
		err = callErr
		return err == nil && len(patches) == 1 && patches[0].Attributes[0].Value.AsString() == "web-0"
	}, func() string { return fmt.Sprintf("the plugin does not answer: %v", err) })
}

// pidOf returns the process id of a plugin that is running.
func pidOf(p *Plugin) int { return p.current.Load().body.(*process).pid() }
