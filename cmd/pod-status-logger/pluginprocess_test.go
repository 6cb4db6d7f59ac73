package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/need"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// place is a directory to run the program in, as a process of its own. Its leftovers are
// distinguishable from those of others.
type place struct {
	t   *testing.T
	dir string // for executables and files
	tmp string // for the program's own temporary files
}

func newPlace(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "place-") // the paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, dir: dir, tmp: filepath.Join(dir, "tmp")}
	t.Cleanup(func() {
		for pid := range p.processes() { // of a test that failed
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = os.RemoveAll(dir)
	})
	if err := os.Mkdir(p.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	return p
}

// build compiles a package of the repository.
func (p *place) build(name, pkg string) (path string) {
	p.t.Helper()
	path = filepath.Join(p.dir, name)
	cmd := exec.Command("go", "build", "-tags", "grpcnotrace", "-o", path, pkg)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// write creates an executable file.
func (p *place) write(name, text string) (path string) {
	p.t.Helper()
	path = filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// wrapped returns a plugin that adds its process id to the file "started", starts a
// process that outlives it, and executes the executable.
func (p *place) wrapped(executable string, args ...string) (path string) {
	p.t.Helper()
	name := strings.Join(append([]string{"wrapped", filepath.Base(executable)}, args...), "-")
	return p.write(name, fmt.Sprintf("#!/bin/sh\n/bin/sleep 300 &\necho $$ >>'%s'\nexec '%s' %s\n",
		filepath.Join(p.dir, "started"), executable, strings.Join(args, " ")))
}

// faulty returns the path of a wrapped plugin that fails.
func (p *place) faulty(behaviour string) (path string) {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	return p.wrapped(self, faulty.Args(behaviour)...)
}

// started returns the number of wrapped plugins that were started.
func (p *place) started() int {
	b, _ := os.ReadFile(filepath.Join(p.dir, "started"))
	return strings.Count(string(b), "\n")
}

// command is the program with these arguments. It is killed after a time.
func (p *place) command(args ...string) (cmd *exec.Cmd, stdout, stderr *strings.Builder) {
	ctx, cancel := context.WithTimeout(p.t.Context(), wait.Patience)
	p.t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, "pod-status-logger", args...)
	cmd.Env = append(cleanEnvironment(), "TMPDIR="+p.tmp)
	stdout, stderr = &strings.Builder{}, &strings.Builder{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = wait.Patience // after that, pipes that a process still holds open are an error
	return cmd, stdout, stderr
}

// run runs the program to its end, and checks that it leaves nothing behind.
func (p *place) run(args ...string) (stdout, stderr string, status int) {
	p.t.Helper()
	cmd, out, log := p.command(args...)
	status = p.statusOf(cmd.Run())
	p.checkEmpty()
	return out.String(), log.String(), status
}

func (p *place) statusOf(err error) int {
	p.t.Helper()
	if err == nil {
		return cli.ExitOK
	}
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return exit.ExitCode()
}

// checkEmpty checks that no directory of sockets and no process is left.
func (p *place) checkEmpty() {
	p.t.Helper()
	if left := leftovers(p.t, p.tmp); len(left) > 0 {
		p.t.Errorf("left behind: %v", left)
	}
	wait.NoError(p.t, "no process is left", func() error { // killed processes take a moment to end
		if running := p.processes(); len(running) > 0 {
			return fmt.Errorf("still running: %v", running)
		}
		return nil
	})
}

// processes returns the command lines, by process id, of processes whose environment has
// the path of the place: plugins, and processes started by plugins.
func (p *place) processes() map[int]string {
	running := map[int]string{}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range all {
		if env, _ := os.ReadFile(proc + "/environ"); strings.Contains(string(env), p.tmp) {
			pid, _ := strconv.Atoi(filepath.Base(proc))
			line, _ := os.ReadFile(proc + "/cmdline")
			running[pid] = strings.ReplaceAll(string(line), "\x00", " ")
		}
	}
	return running
}

// TestPlace: checkEmpty would find processes.
func TestPlace(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked for in /proc")
	}
	p := newPlace(t)
	cmd := exec.CommandContext(t.Context(), "/bin/sleep", "300")
	cmd.Env = []string{"PLUGIN_UNIX_SOCKET_DIR=" + p.tmp + "/psl-1"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "one process", func() bool { return len(p.processes()) == 1 })
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if running := p.processes(); len(running) > 0 {
		t.Errorf("%v is killed", running)
	}
}

// TestConfigCheckStartsPlugins checks that config check starts the plugins, and leaves no
// process and no directory behind, even of plugins that fail.
func TestConfigCheckStartsPlugins(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds programs")
	}
	p := newPlace(t)
	plugin := func(name, command string) string { return fmt.Sprintf("  - {name: %s, command: %s}\n", name, command) }
	hello := plugin("hello", p.wrapped(p.build("hello", "./plugins/examples/hello")))
	ends := plugin("ends", p.faulty("exits"))
	const bundle = "  - {name: bundle, builtin: bundle}\n"
	for name, c := range map[string]struct {
		plugins        string
		starts, status int
		stdout, stderr string
	}{
		"good": {hello + bundle, 1, cli.ExitOK, "ok\n", ""},
		"none": {"  []\n", 0, cli.ExitOK, "ok\n", ""},
		"refuses its part": {
			hello + "  - {name: bundle, builtin: bundle, config: {key: 1}}\n", 1, cli.ExitUsage, "",
			"pod-status-logger: plugin bundle: config: unknown key key (known keys: keys, ",
		},
		"another name": {
			strings.Replace(hello, "name: hello", "name: hullo", 1) + bundle, 1, cli.ExitUsage, "",
			"pod-status-logger: plugin hullo: ",
		},
		"ends at once": {
			hello + ends, 2, cli.ExitUsage, "",
			"pod-status-logger: plugin ends: it ended with exit status 3 before its handshake",
		},
		"does not end": {hello + plugin(faulty.Name, p.faulty("ignores-the-end")), 2, cli.ExitOK, "ok\n", ""},
		"several are broken": {
			ends + plugin(faulty.Name, p.faulty("refuses-its-config")) + bundle, 2, cli.ExitUsage, "",
			"plugin faulty: config: file: is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &place{t: t, dir: p.dir, tmp: p.tmp}
			before := p.started()
			stdout, stderr, status := p.run("config", "check", "--config", p.config(c.plugins))
			if status != c.status || stdout != c.stdout || !strings.Contains(stderr, c.stderr) ||
				c.stderr == "" && stderr != "" {
				t.Errorf("exit status %d, want %d; stdout %q, want %q; stderr\n%swant\n%s", status, c.status, stdout, c.stdout,
					stderr, c.stderr)
			}
			if started := p.started() - before; started != c.starts {
				t.Errorf("%d wrapped plugins were started, want %d", started, c.starts)
			}
		})
	}
}

// config writes a configuration with these plugins.
func (p *place) config(plugins string) (path string) {
	p.t.Helper()
	return p.write("config.yaml", "apiVersion: podstatus/v1alpha1\nkind: Config\nplugins:\n"+plugins)
}

// TestConfigCheckInterrupted: an interrupted check leaves nothing behind.
func TestConfigCheckInterrupted(t *testing.T) {
	t.Parallel()
	interrupt(t, func(status int) bool { return status != cli.ExitOK }, "config", "check")
}

// TestStartInterrupted: after a signal during the start of plugins, the exit status is 0.
func TestStartInterrupted(t *testing.T) {
	t.Parallel()
	seed, err := filepath.Abs("testdata/seed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	ok := func(status int) bool { return status == cli.ExitOK }
	for name, args := range map[string][]string{"demo": {"demo"}, "replay": {"replay", seed}} {
		t.Run(name, func(t *testing.T) { interrupt(t, ok, args...) })
	}
}

// pluginStart is the timeout of the start of a plugin.
const pluginStart = 30 * time.Second

// interrupt signals a command that waits for a silent plugin.
func interrupt(t *testing.T, good func(status int) bool, args ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs")
	}
	p := newPlace(t)
	silent := p.faulty("silent")
	cmd, _, stderr := p.command(append(args, "--config",
		p.config("  - {name: bundle, builtin: bundle}\n  - {name: silent, command: "+silent+"}\n"))...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the plugin starts", func() bool { return p.started() == 1 })
	start := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	status := p.statusOf(cmd.Wait())
	if took := time.Since(start); took >= pluginStart || !good(status) {
		t.Errorf("it took %v to end with status %d, want that soon or another status\n%s", took, status, stderr)
	}
	p.checkEmpty()
}

// TestVerifyNamesRules: the command fails for each plugin that breaks a rule, and names the
// rule.
func TestVerifyNamesRules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a hundred processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rules := faulty.Rules()
	inTwos(t, slices.Sorted(maps.Keys(rules)), func(t *testing.T, behaviour string) {
		rule := rules[behaviour]
		p := newPlace(t)
		timeout := "--timeout=" + faulty.Patience(behaviour).String()
		start := "--start-timeout=30s"
		if behaviour == "silent" { // it takes as long as a start may
			start = "--start-timeout=5s"
		}
		args := append([]string{"plugin", "verify", timeout, start, "--log-level=warn", self},
			faulty.Args(behaviour, filepath.Join(p.dir, "lock"))...)
		stdout, stderr, status := p.run(args...)
		lines := strings.Split(stdout, "\n")
		fails := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.HasPrefix(line, "FAIL ") })
		if len(fails) != 1 || strings.Fields(fails[0])[1] != rule || !strings.Contains(stdout, " 1 broken: "+rule+"\n") {
			t.Errorf("it is said to break other rules than %s alone:\n%s", rule, stdout)
		}
		if want := "pod-status-logger: verify: the plugin breaks 1 of the rules\n"; status != cli.ExitFailed ||
			!strings.HasSuffix(stderr, want) {
			t.Errorf("exit status %d, stderr\n%swant status %d and, in the end,\n%s", status, stderr, cli.ExitFailed, want)
		}
	})
}

// TestIsolated: the built-in plugin adds the same within the program and as a process.
// Within, it does not need a temporary folder.
func TestIsolated(t *testing.T) {
	t.Parallel()
	seed := strings.ReplaceAll(readDoc(t, "cmd/pod-status-logger/testdata/seed.jsonl"), `"run":"failer"`,
		`"app.kubernetes.io/instance":"failer"`)
	replay := func(p *place, plugins string) string {
		stdout, stderr, status := p.run("replay", "--config", p.config(plugins), p.write("seed.jsonl", seed))
		// The process complains in the end, if coverage is measured.
		complaints := regexp.MustCompile(`(?m)^.*GOCOVERDIR not set.*\n`).ReplaceAllString(stderr, "")
		if status != cli.ExitOK || complaints != "" {
			t.Fatalf("exit status %d, stderr\n%s", status, stderr)
		}
		return regexp.MustCompile(`"time":"[^"]*"`).ReplaceAllString(stdout, "")
	}
	within := newPlace(t)
	within.tmp = "/proc/no/such"
	want := replay(within, "  - {name: bundle, builtin: bundle}\n")
	if got := replay(newPlace(t), "  - {name: bundle, builtin: bundle, isolate: true, timeout: 30s}\n"); got != want {
		t.Errorf("isolated:\n%s\nwithin the program:\n%s", got, want)
	}
	if n := strings.Count(want, `"bundle.id":"app/default/failer"`); n != strings.Count(want, "\n") || n == 0 {
		t.Errorf("%d records have a bundle:\n%s", n, want)
	}
}

// TestVerifyPasses: the plugins of the repository follow the rules.
func TestVerifyPasses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds programs")
	}
	for name, plugin := range map[string]func(p *place) []string{
		"bundle": func(*place) []string { return []string{"bundle"} },
		"bundle, isolated": func(p *place) []string {
			return []string{"bundle", "--config", p.config("  - {name: bundle, builtin: bundle, isolate: true}\n")}
		},
		"hello": func(p *place) []string { return []string{p.build("hello", "./plugins/examples/hello")} },
		"python": func(p *place) []string {
			if err := need.PythonPlugins(t.Context()); err != nil {
				need.Missing(p.t, "Python", err)
			}
			path, err := filepath.Abs(root + "plugins/examples/python/hello.py")
			if err != nil {
				p.t.Fatal(err)
			}
			return []string{path}
		},
		"node": func(p *place) []string {
			if err := need.NodePlugins(t.Context(), root+"plugins/examples/node"); err != nil {
				need.Missing(p.t, "Node.js", err)
			}
			path, err := filepath.Abs(root + "plugins/examples/node/hello.js")
			if err != nil {
				p.t.Fatal(err)
			}
			return []string{path}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			verify := []string{"plugin", "verify", "--timeout=10s", "--log-level=warn"}
			stdout, stderr, status := p.run(append(verify, plugin(p)...)...)
			if status != cli.ExitOK || strings.Contains(stdout, "FAIL") || strings.Count(stdout, "\nok ") < 15 {
				t.Errorf("exit status %d\n%s%s", status, stdout, stderr)
			}
			if stderr != "" {
				t.Errorf("stderr\n%swant nothing, as nothing is wrong", stderr)
			}
		})
	}
}
