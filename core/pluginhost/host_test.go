package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
)

// eachWay runs a test with a plugin in each of the ways in which there can be one.
func eachWay(t *testing.T, behaviour string, test func(t *testing.T, spec Spec)) {
	t.Helper()
	process, plain := specOf(t, behaviour), specOf(t, behaviour)
	plain.PlainText = true
	for way, spec := range map[string]Spec{"process": process, "process without TLS": plain, "in process": inProcessOf(behaviour)} {
		t.Run(way, func(t *testing.T) { test(t, spec) })
	}
}

// TestGood: patches of the right records, in order, and a clean end.
func TestGood(t *testing.T) {
	eachWay(t, "good", func(t *testing.T, spec Spec) {
		p, log := hosted(t, spec)
		batch := batchOf(64)
		patches, err := p.Patch(deadline(t, patience), batch)
		if err != nil || len(patches) != len(batch) {
			t.Fatalf("%d patches, error %v", len(patches), err)
		}
		for i, patch := range patches {
			if a := patch.Attributes; len(a) != 1 || a[0].Key != "faulty.pod" || a[0].Value.AsString() != batch[i].Pod.Name {
				t.Errorf("patch %d: %v", i, a)
			}
		}
		if p.Name() != faulty.Name || p.Version() != "1.2.3" || !p.Stats().Up {
			t.Errorf("%s %s, %+v", p.Name(), p.Version(), p.Stats())
		}
		if log.String() != "" {
			t.Errorf("a plugin that works is nothing to log:\n%s", log)
		}
	})
}

// TestCantStart: what is wrong with a plugin is said in one line that names it,
// and nothing is left of it.
func TestCantStart(t *testing.T) {
	for behaviour, c := range map[string]struct {
		change func(*Spec)
		want   string
	}{
		"exits":           {want: `it ended with exit status 3 before its handshake; it printed: "no licence found"`},
		"babbles":         {want: `it printed "hello, world" on stdout, where its handshake belongs; a plugin logs to stderr`},
		"another-version": {want: "incompatible API version with plugin. Plugin version: 99, Client versions: [1]"},
		"net-rpc":         {want: `unsupported plugin protocol "netrpc"`},
		"elsewhere":       {want: `it listens on tcp "10.255.255.1:80", which is neither a socket`},
		"hangs":           {change: func(s *Spec) { s.Command = "/bin/true" }, want: "it ended with exit status 0 before its handshake; is it a plugin?"},
		"leaks":           {change: func(s *Spec) { s.Command = os.TempDir() }, want: "is a folder, which can't be run"},
		"panics":          {change: func(s *Spec) { s.Command = script(t, "#!/no/such/interpreter\n") }, want: "the interpreter that the first line of"},
		"plain-certificate": {
			change: func(s *Spec) { s.PlainText = true }, // go-plugin would panic
			want:   "connection refused",
		},
		"no-tls":       {want: "it does not speak AutoMTLS; if it can't, set autoMTLS: false for it"},
		"another-name": {want: `it calls itself "other", not "faulty"; give it that name`},
		"bad-name":     {change: func(s *Spec) { s.Name = "" }, want: `describe: the name "k8s" is taken`},
		"configured":   {change: func(s *Spec) { s.Config = `{"prefix":"bad"}` }, want: `config: prefix: "bad" is not good`},
		"good":         {change: func(s *Spec) { s.SHA256 = strings.Repeat("0", 64) }, want: "is another file than the one that was pinned"},
		"late":         {change: func(s *Spec) { s.Command = "/no/such/file" }, want: "stat /no/such/file: no such file or directory"},
		"few":          {change: func(s *Spec) { s.Command = "plugin" }, want: `command: "plugin" is no absolute path`},
		"many":         {change: func(s *Spec) { s.SHA256 = "abc" }, want: `sha256: "abc" is no SHA-256 sum of 64 hex digits`},
		"floods":       {change: func(s *Spec) { s.Command = os.DevNull }, want: "/dev/null is not executable (chmod +x makes it so)"},
	} {
		t.Run(behaviour, func(t *testing.T) {
			spec := specOf(t, behaviour)
			if c.change != nil {
				c.change(&spec)
			}
			log := &logged{}
			_, err := Start(t.Context(), []Spec{specOf(t, "good"), spec}, log.logger())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v\nwant %s", err, c.want)
			}
			if prefix := strings.TrimSuffix("plugin "+spec.Name, " ") + ": "; !strings.HasPrefix(err.Error(), prefix) {
				t.Errorf("error %v does not begin with %s", err, prefix)
			}
			if config := (*ConfigError)(nil); errors.As(err, &config) != (behaviour == "configured") {
				t.Errorf("%v: a matter of configuration? %v", err, behaviour == "configured")
			}
		})
	}
}

// TestSilentStart: a plugin that says nothing is given up, also by one who
// no longer wants to wait.
func TestSilentStart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Start(ctx, []Spec{specOf(t, "silent")}, (&logged{}).logger())
	if err == nil || time.Since(start) > startTimeout {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// TestRestart: a plugin that ends is started anew, and the log says how it ended.
func TestRestart(t *testing.T) {
	for behaviour, why := range map[string]string{
		"crashes": "exit status 7",
		"panics":  `exit status 2; it printed: \"panic: out of cheese\"`,
	} {
		t.Run(behaviour, func(t *testing.T) {
			p, log := hosted(t, specOf(t, behaviour))
			if _, err := p.Patch(deadline(t, patience), batchOf(1)); err == nil || !strings.Contains(err.Error(), "it ended") {
				t.Errorf("error %v", err)
			}
			log.await(t, `"reason":"`+why)
			var unavailable enrich.UnavailableError
			if _, err := p.Patch(t.Context(), batchOf(1)); !errors.As(err, &unavailable) {
				t.Errorf("while it is not running: %v", err)
			}
			log.await(t, "plugin runs again")
			if got := p.Stats(); got.Restarts != 1 || !got.Up {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestKilled: as above, for a plugin that others kill.
func TestKilled(t *testing.T) {
	p, log := hosted(t, specOf(t, "good"))
	for range 2 {
		pid := pidOf(p)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return p.current.Load() == nil }, func() string { return "still there" })
		answers(t, p)
	}
	log.await(t, `"reason":"signal: killed"`)
}

// TestStopped: a plugin that is stopped answers nothing, not even the call that
// is to end it. It is found out, killed and started anew.
func TestStopped(t *testing.T) {
	p, log := hosted(t, specOf(t, "good"))
	pid := pidOf(p)
	stop(t, pid)
	for range tripAfter {
		start := time.Now()
		if _, err := p.Patch(deadline(t, 50*time.Millisecond), batchOf(1)); err == nil || time.Since(start) > patience/2 {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	}
	if _, err := p.Patch(t.Context(), batchOf(1)); !errors.Is(err, errBreakerOpen) {
		t.Errorf("the breaker is not open: %v", err)
	}
	log.await(t, `"reason":"health check: it did not answer for 2s"`)
	answers(t, p)
}

// TestStoppedAtEnd: Close does not wait for a plugin that is stopped.
func TestStoppedAtEnd(t *testing.T) {
	log := &logged{}
	host, err := Start(t.Context(), []Spec{specOf(t, "good"), specOf(t, "ignores-the-end")}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{pidOf(host.Plugins()[0]), pidOf(host.Plugins()[1])}
	stop(t, pids[0])
	start := time.Now()
	host.Close()
	if took := time.Since(start); took > stopTimeout+patience {
		t.Errorf("Close took %v", took)
	}
	for _, pid := range pids {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
	host.Close()
}

// TestHanging: a plugin that answers health checks, but no records, is given up
// in the end.
func TestHanging(t *testing.T) {
	p, log := hosted(t, specOf(t, "hangs"))
	eventually(t, func() bool {
		_, _ = p.Patch(deadline(t, 20*time.Millisecond), batchOf(1))
		return p.Stats().Restarts > 0
	}, log.String)
	log.await(t, `"reason":"it does not answer"`)
}

// TestErrors: a plugin that answers with errors is left alone for a while, and not
// restarted: that would not help.
func TestErrors(t *testing.T) {
	eachWay(t, "fails", func(t *testing.T, spec Spec) {
		p, log := hosted(t, spec)
		for range tripAfter {
			if _, err := p.Patch(deadline(t, patience), batchOf(1)); err == nil || err.Error() != "database is away" {
				t.Errorf("error %v", err)
			}
		}
		if _, err := p.Patch(t.Context(), batchOf(1)); !errors.Is(err, errBreakerOpen) {
			t.Errorf("the breaker is not open: %v", err)
		}
		log.await(t, "plugin fails")
		if got := p.Stats(); got.Up || got.Restarts != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestWrongCount: the number of patches is that of the answer.
func TestWrongCount(t *testing.T) {
	for behaviour, want := range map[string]int{"few": 7, "many": 9} {
		eachWay(t, behaviour, func(t *testing.T, spec Spec) {
			p, _ := hosted(t, spec)
			if patches, err := p.Patch(deadline(t, patience), batchOf(8)); err != nil || len(patches) != want {
				t.Errorf("%d patches, error %v, want %d", len(patches), err, want)
			}
		})
	}
}

// TestLeaking: a plugin that takes too much memory is started anew.
func TestLeaking(t *testing.T) {
	spec := specOf(t, "leaks")
	spec.MaxMemory = 100 << 20
	p, log := hosted(t, spec)
	eventually(t, func() bool {
		_, _ = p.Patch(deadline(t, patience), batchOf(8))
		return p.Stats().Restarts > 0
	}, log.String)
	log.await(t, "MiB of memory, 100 are allowed")
}

// TestTooLarge: answers are bounded.
func TestTooLarge(t *testing.T) {
	eachWay(t, "bloated", func(t *testing.T, spec Spec) {
		p, _ := hosted(t, spec)
		if _, err := p.Patch(deadline(t, patience), batchOf(8)); err == nil || !strings.Contains(err.Error(), "larger than max") {
			t.Errorf("error %v", err)
		}
	})
}

// TestChildren: what a plugin has started ends with it.
func TestChildren(t *testing.T) {
	p, log := hosted(t, specOf(t, "has-children"))
	log.await(t, `"msg":"child `)
	_, rest, _ := strings.Cut(log.String(), `"msg":"child `)
	var child int
	if _, err := fmt.Sscan(rest, &child); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pidOf(p), syscall.SIGKILL)
	eventually(t, func() bool { return !alive(child) }, func() string { return "the child is alive" })
}

// stop stops a process, and waits until all of it has stopped.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return inState(pid, "T") }, func() string { return "the process does not stop" })
}

func alive(pid int) bool { return inState(pid, "RSDTt") }

// inState tells whether a process is there, and all of its threads are in one of
// the states, as /proc has them.
func inState(pid int, states string) bool {
	files, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/stat"))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		_, state, _ := strings.Cut(string(b), ") ")
		if state == "" || !strings.ContainsAny(state[:1], states) {
			return false
		}
	}
	return len(files) > 0
}

// TestSockets: nothing is left where plugins listened, not even by a host that was killed.
func TestSockets(t *testing.T) {
	dir := shortTemp(t)
	t.Setenv("TMPDIR", dir)
	stale := filepath.Join(dir, socketPrefix+"stale")
	others := []string{filepath.Join(dir, socketPrefix+"backup"), filepath.Join(dir, socketPrefix+"fifo")}
	for _, path := range []string{filepath.Join(stale, "plugin-dir1"), others[0]} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(stale, lockName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(others[1], 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := Start(t.Context(), []Spec{specOf(t, "good")}, (&logged{}).logger())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the folder of a host that is gone is left")
	}
	another, err := Start(t.Context(), []Spec{specOf(t, "good")}, (&logged{}).logger())
	if err != nil {
		t.Fatal(err)
	}
	answers(t, one.Plugins()[0])
	one.Close()
	another.Close()
	left, err := filepath.Glob(filepath.Join(dir, socketPrefix+"*"))
	if err != nil || !slices.Equal(left, others) {
		t.Errorf("left: %v, error %v, want %v", left, err, others)
	}
	t.Setenv("TMPDIR", "/proc/no/such")
	if _, err := Start(t.Context(), []Spec{specOf(t, "good")}, (&logged{}).logger()); err == nil || !strings.Contains(err.Error(), "TMPDIR can name") {
		t.Errorf("error %v", err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	if _, err := Start(t.Context(), []Spec{specOf(t, "good")}, (&logged{}).logger()); err == nil || !strings.Contains(err.Error(), "too long for sockets") {
		t.Errorf("error %v", err)
	}
}

// TestTidiedAway: who removes the folder of the sockets does not keep plugins from
// being started anew.
func TestTidiedAway(t *testing.T) {
	t.Setenv("TMPDIR", shortTemp(t))
	p, _ := hosted(t, specOf(t, "good"))
	if err := os.RemoveAll(p.launcher.sockets.path); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pidOf(p), syscall.SIGKILL)
	eventually(t, func() bool { return p.Stats().Restarts == 1 }, func() string { return "it is not started anew" })
	answers(t, p)
}

// TestEscape: neither a child that holds the pipes of its plugin, nor a plugin
// that has left its process group, holds up the host.
func TestEscape(t *testing.T) {
	for _, behaviour := range []string{"has-escaped-children", "leaves-its-group"} {
		t.Run(behaviour, func(t *testing.T) {
			log := &logged{}
			host, err := Start(t.Context(), []Spec{specOf(t, behaviour)}, log.logger())
			if err != nil {
				t.Fatal(err)
			}
			log.await(t, `"msg":"child `)
			_, rest, _ := strings.Cut(log.String(), `"msg":"child `)
			var child int
			if _, err := fmt.Sscan(rest, &child); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = syscall.Kill(child, syscall.SIGKILL) }()
			pid := pidOf(host.Plugins()[0])
			start := time.Now()
			host.Close()
			if took := time.Since(start); took > stopTimeout+patience || alive(pid) {
				t.Errorf("Close took %v, the plugin is alive: %v", took, alive(pid))
			}
			log.await(t, "did not end when it was asked to")
		})
	}
}

// TestDescriptors: a plugin gets nothing that this process has open.
func TestDescriptors(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = read.Close(), write.Close() }()
	inherited, err := syscall.Dup(int(write.Fd())) // without close-on-exec, as what a shell has opened
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(inherited) }()
	of, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", inherited))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := hosted(t, specOf(t, "good"))
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pidOf(p)))
	for _, file := range files {
		if to, _ := os.Readlink(file); to == of {
			t.Errorf("the plugin has %s", file)
		}
	}
	if len(files) == 0 {
		t.Error("it has nothing open at all")
	}
}

// script writes an executable file.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// shortTemp returns a folder whose path leaves room for sockets.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "psl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
