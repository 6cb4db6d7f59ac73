package compare

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// rig is one build of the program with a world of its own.
type rig struct {
	t        *testing.T
	build    string // path of the program
	dir      string
	settings settings
	server   *apiscript.Server
	receiver *otlptest.Receiver
	world    *world
	running  *program.Program
	out      result
	requests int // of the receiver that were read into received
	received []record
}

// settings are in what scenarios differ.
type settings struct {
	pods      int
	seed      uint64
	args      []string
	http      bool // OTLP over HTTP
	json      bool // an API server without protobuf
	kill      bool // runs end by SIGKILL
	forgetful bool // no state directory
}

// result is what a build has emitted and stored.
type result struct {
	lines, otlp []record
	states      []map[string]object // after each run
	waiting     [][]string          // what the command journal dump prints of each run
	repeated    int                 // records that came again after a SIGKILL
}

// noDeadline gives plugins and look-ups of owners the time that a busy machine needs.
const noDeadline = `
apiVersion: podstatus/v1alpha1
kind: Config
plugins:
  - {name: bundle, builtin: bundle, timeout: 60s}
`

func newRig(t *testing.T, build string, s settings) *rig {
	t.Helper()
	var options []apiscript.Option
	if s.json {
		options = append(options, apiscript.WithJSONOnly())
	}
	r := &rig{t: t, build: build, dir: t.TempDir(), settings: s, server: newServer(t, options...)}
	r.receiver = otlptest.New(t, otlptest.Options{HTTP: s.http})
	r.world = newWorld(r.server, s.seed)
	r.write("config.yaml", noDeadline)
	r.write("kubeconfig", fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
  "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {}}],
  "clusters": [{"name": "c", "cluster": {"server": %q}}]}`, r.server.URL()))
	return r
}

// newServer returns a server that keeps all history until it is compacted.
func newServer(t *testing.T, options ...apiscript.Option) *apiscript.Server {
	t.Helper()
	const all = 1 << 20
	server := apiscript.NewServer(append(options, apiscript.WithHistory(all), apiscript.WithPending(all),
		apiscript.WithChanges(1), apiscript.WithAddress(freeport.Address(t)))...)
	t.Cleanup(server.Close)
	return server
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path(name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) start() {
	r.t.Helper()
	protocol := "grpc"
	if r.settings.http {
		protocol = "http/protobuf"
	}
	args := []string{
		"--config", r.path("config.yaml"), "--kubeconfig", r.path("kubeconfig"), "--cluster-name=compared", "--listen=",
		"--otlp-endpoint", r.receiver.URL(), "--otlp-protocol", protocol, "--shutdown-timeout=1s",
	}
	if !r.settings.forgetful {
		args = append(args, "--state-dir", r.path("state"))
	}
	r.running = program.Start(r.t, program.Command{
		Path: r.build, Args: append(args, r.settings.args...), Stdout: r.path("stdout"),
		Stderr: r.path(fmt.Sprintf("stderr-%d", len(r.out.states))),
	})
}

// listed waits until the program has begun a list, from which on it sees all changes.
// That is when it has no checkpoint, or one whose history is gone.
func (r *rig) listed(begin func()) {
	r.t.Helper()
	lists := func() (n int) {
		for _, request := range r.server.Requests() {
			if request.Query.Get("sendInitialEvents") == "true" {
				n++
			}
		}
		return n
	}
	before := lists()
	begin()
	wait.Until(r.t, "the program lists pods", func() bool { return lists() > before && r.server.Streams() > 0 })
}

// settle waits until everything so far is on stdout.
func (r *rig) settle() {
	r.t.Helper()
	mark := r.world.mark() + " was deleted"
	read := 0
	wait.NoError(r.t, "the last change is on stdout", func() error {
		select {
		case <-r.running.Done():
			r.t.Fatalf("the program ended: %s", program.Tail(r.running.Log(r.t)))
		default:
		}
		found, err := contains(r.path("stdout"), &read, mark)
		if err == nil && !found {
			err = fmt.Errorf("stdout lacks %s; the log ends with\n%s", mark, program.Tail(r.running.Log(r.t)))
		}
		return err
	})
}

// contains looks for the text in a file from the offset on, which it moves.
func contains(path string, offset *int, text string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	b := make([]byte, int(info.Size())-*offset)
	n, err := f.ReadAt(b, int64(*offset))
	if strings.Contains(string(b[:n]), text) {
		return true, err
	}
	*offset = max(0, *offset+n-len(text))
	return false, err
}

// stop ends the run, and keeps its store.
func (r *rig) stop(receiverAway bool) {
	r.t.Helper()
	if r.settings.kill {
		if err := r.running.Kill(); err != nil {
			r.t.Fatal(err)
		}
	} else if err := r.running.Stop(); err != nil {
		r.t.Fatalf("%v: %s", err, program.Tail(r.running.Log(r.t)))
	}
	if r.settings.forgetful {
		return
	}
	r.out.states = append(r.out.states, statesIn(r.t, r.path("state")))
	if receiverAway {
		out, err := exec.CommandContext(r.t.Context(), r.build, "journal", "dump", "--state-dir", r.path("state")).Output()
		if err != nil {
			r.t.Fatalf("journal dump: %v", err)
		}
		r.out.waiting = append(r.out.waiting, strings.Split(times.ReplaceAllString(string(out), `"$1":"TIME"`), "\n"))
	}
}

// deliver waits until the receiver has all that is on stdout.
func (r *rig) deliver() {
	r.t.Helper()
	want := len(r.lines())
	wait.NoError(r.t, "all records are delivered", func() error {
		if have := len(distinct(r.otlp(), nil)); have != want {
			return fmt.Errorf("%d of %d", have, want)
		}
		return nil
	})
}

// lines returns the records on stdout.
func (r *rig) lines() []record {
	r.t.Helper()
	r.out.repeated = 0
	return distinct(fromStdout(r.t, r.path("stdout")), &r.out.repeated)
}

// otlp returns the records that the receiver has taken.
func (r *rig) otlp() []record {
	r.t.Helper()
	requests := r.receiver.Requests()
	r.received = append(r.received, fromOTLP(r.t, requests[r.requests:])...)
	r.requests = len(requests)
	return r.received
}
