package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// inProcessOf returns the spec of a faulty plugin within the test's process.
func inProcessOf(behaviour string) Spec {
	return Spec{Name: faulty.Name, InProcess: faulty.InProcess(behaviour)}
}

// TestNoFolder: a plugin within the process needs no folder for sockets.
func TestNoFolder(t *testing.T) {
	t.Setenv("TMPDIR", "/proc/no/such")
	p, _ := hosted(t, inProcessOf("good"))
	answers(t, p)
	if p.Stats().MemoryBytes != 0 {
		t.Error("it has memory of its own")
	}
}

// TestCantStartInProcess checks that the error describes in one line the fault of a plugin
// within the process, and nothing is left of it.
func TestCantStartInProcess(t *testing.T) {
	for behaviour, c := range map[string]struct {
		config string
		want   string
	}{
		"another-name":           {want: `its name is "other", not "faulty"`},
		"bad-name":               {want: `describe: the name "k8s" is taken`},
		"configured":             {config: `{"prefix":"bad"}`, want: `config: prefix: "bad" is not good`},
		"panics-when-described":  {want: "panic: out of cheese"},
		"panics-when-configured": {want: "configure: panic: out of cheese"},
		"silent":                 {want: "panic: no behaviour silent within a process"}, // while it is made
	} {
		t.Run(behaviour, func(t *testing.T) {
			spec := inProcessOf(behaviour)
			spec.Config = c.config
			_, err := Start(t.Context(), []Spec{inProcessOf("good"), spec}, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v\nwant %s", err, c.want)
			}
			if config := (*ConfigError)(nil); errors.As(err, &config) != (behaviour == "configured") {
				t.Errorf("%v: a matter of configuration? %v", err, behaviour == "configured")
			}
		})
	}
}

// TestPanic: a panic within the process is an answer, with the stack in the log.
func TestPanic(t *testing.T) {
	p, log := hosted(t, inProcessOf("panics"))
	for range tripAfter {
		if _, err := p.Patch(t.Context(), batchOf(1)); err == nil || err.Error() != "panic: out of cheese" {
			t.Errorf("error %v", err)
		}
	}
	log.Await(t, `"msg":"plugin panicked","plugin":"faulty","reason":"panic: out of cheese"`)
	log.Await(t, "plugins/faulty/enrichers.go")
	if got := p.Stats(); got.Up || got.Restarts != 0 {
		t.Errorf("%+v", got)
	}
}

// TestLogInProcess: what a plugin within the process logs has the same form as that
// of a process, and the same bounds.
func TestLogInProcess(t *testing.T) {
	p, log := hosted(t, inProcessOf("logs"))
	for range linesAtOnce + 20 {
		if _, err := p.Patch(t.Context(), batchOf(10)); err != nil {
			t.Fatal(err)
		}
	}
	first, _, _ := strings.Cut(log.String(), "\n")
	var l struct {
		Level, Msg, Plugin string
		Attributes         struct{ Pod string }
	}
	err := json.Unmarshal([]byte(first), &l)
	if err != nil || l.Level != "ERROR" || l.Msg != "logged" || l.Plugin != faulty.Name || l.Attributes.Pod != "web-0" {
		t.Errorf("%s: %v", first, err)
	}
	if p.Stats().LinesDropped == 0 {
		t.Error("no lines were dropped")
	}
}

// blocked is a plugin whose calls block until it is released.
type blocked struct {
	begun   func() // called with each record, unless nil
	release chan struct{}
	closed  chan struct{}
}

func (*blocked) Describe() enricher.Description {
	return enricher.Description{Name: faulty.Name, Version: "1"}
}

func (b *blocked) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	if b.begun != nil {
		b.begun()
	}
	<-b.release // without regard to the context
	p.SetString("pod", r.GetPod().GetName())
	return nil
}

func (b *blocked) Close() error {
	close(b.closed)
	return nil
}

// TestBlocked: a plugin within the process that does not return is replaced, until so
// many of its calls are abandoned that it gets no more. When they return, it works.
func TestBlocked(t *testing.T) {
	b := &blocked{release: make(chan struct{})}
	before := runtime.NumGoroutine()
	p, log := hosted(t, Spec{Name: faulty.Name, InProcess: enricher.InProcess(func() enricher.Enricher { return b })})
	wait.Until(t, "calls that fail at once", func() bool {
		_, _ = p.Patch(deadline(t, 20*time.Millisecond), batchOf(1))
		return strings.Contains(log.String(), "8 earlier calls have not returned")
	})
	log.Await(t, `"reason":"it does not answer"`)
	if n := runtime.NumGoroutine() - before; n > 2*maxCalls+20 {
		t.Errorf("%d goroutines more than before", n)
	}
	close(b.release)
	answers(t, p)
	if p.Stats().Restarts == 0 {
		t.Error("it was not replaced")
	}
}

// TestClosed: the plugin is closed after its last call has returned, and Close does
// not wait for a plugin that does not end.
func TestClosed(t *testing.T) {
	t.Parallel()
	begun, failed := make(chan struct{}), make(chan error, 1)
	b := &blocked{
		begun: sync.OnceFunc(func() { close(begun) }), release: make(chan struct{}), closed: make(chan struct{}),
	}
	host, log := start(t, Spec{
		Name: faulty.Name, InProcess: enricher.InProcess(func() enricher.Enricher { return b }),
	})
	go func() {
		_, err := host.Plugins()[0].Patch(context.Background(), batchOf(1))
		failed <- err
	}()
	<-begun
	host.Close()
	if err := <-failed; err == nil {
		t.Error("no error from a call that was cut off")
	}
	if !strings.Contains(log.String(), "plugin did not exit on request") {
		t.Errorf("log:\n%s", log)
	}
	select {
	case <-b.closed:
		t.Error("closed during a call")
	default:
	}
	close(b.release)
	<-b.closed
}

// TestEndInProcess: plugins within the process end well, or at least without harm.
func TestEndInProcess(t *testing.T) {
	for _, behaviour := range []string{"good", "panics-when-closed"} {
		t.Run(behaviour, func(t *testing.T) {
			host, _ := start(t, inProcessOf(behaviour))
			host.Close()
			host.Close()
			if _, err := host.Plugins()[0].Patch(t.Context(), batchOf(1)); !errors.Is(err, errNotRunning) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestRunInProcess: a plugin within the process can be inspected as a process can.
func TestRunInProcess(t *testing.T) {
	p, err := Run(t.Context(), inProcessOf("good"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	description, _, err := p.Introduce(t.Context())
	if err != nil || description.GetName() != faulty.Name {
		t.Errorf("%v, error %v", description, err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	p.Kill()
}
