package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/need"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// unprivileged is the user of the container image.
const unprivileged = 65532

// unprivilegedCommand returns a command that runs this executable as the program, as
// another user if this is root: root can read everything.
func unprivilegedCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0], cmd.Dir = "pod-status-logger", dir
	cmd.Env = []string{"TMPDIR=" + dir, "OTEL_EXPORTER_OTLP_HEADERS=authorization=s3cret", "GOCOVERDIR=" + dir}
	if os.Geteuid() != 0 {
		return cmd
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: unprivileged, Gid: unprivileged}}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = filepath.Join(dir, "program") // that user can't enter the directory of this executable
	if err := os.WriteFile(cmd.Path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, unprivileged, unprivileged); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestHostileLook: a plugin can neither read the environment and the memory of its
// host nor trace it, and has no variables of the host in its own environment.
func TestHostileLook(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "look")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	config := filepath.Join(dir, "config.yaml")
	cmd := unprivilegedCommand(t, dir, "demo", "--pace=1h", "--log-level=info", "--config", config)
	text := fmt.Sprintf("{apiVersion: podstatus/v1alpha1, kind: Config, plugins: [{name: %s, command: %q, args: [%s]}]}",
		faulty.Name, cmd.Path, strings.Join(faulty.Args("looks-at-its-host"), ", "))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	log := &logbuffer.Buffer{}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("%v; stderr:\n%s", err, log)
	}
	log.Await(t, `"environment:`)
	for _, file := range []string{"environ", "mem", "maps", "auxv", "fd"} {
		if !strings.Contains(log.String(), "open "+file+": permission denied") {
			t.Errorf("the plugin can open %s of its host", file)
		}
	}
	if !strings.Contains(log.String(), "trace: operation not permitted") {
		t.Error("the plugin can trace its host")
	}
	_, names, _ := strings.Cut(log.String(), `"environment: `)
	names, _, _ = strings.Cut(names, `"`)
	for name := range strings.FieldsSeq(names) {
		if !strings.HasPrefix(name, "PLUGIN_") && name != "POD_STATUS_LOGGER_PLUGIN" {
			t.Errorf("the plugin has the variable %s", name)
		}
	}
	if t.Failed() {
		t.Logf("stderr:\n%s", log)
	}
}

// TestProcMetrics: the program can still read its own figures in /proc.
func TestProcMetrics(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "look")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	address := freeport.Address(t)
	cmd := unprivilegedCommand(t, dir, "demo", "--pace=1h", "--listen", address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	for _, metric := range []string{
		"process_open_fds", "process_max_fds", "process_resident_memory_bytes", "process_cpu_seconds_total",
	} {
		wait.Until(t, metric, func() bool {
			_, page := get(address, "/metrics")
			return strings.Contains(page, "\n"+metric+" ")
		})
	}
}

// TestReadOnly: the program with its default plugin needs no file system that can be
// written to, and no TMPDIR.
func TestReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		need.Missing(t, "mounting", os.ErrPermission)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The mounts are those of a namespace of the program's own. /proc, /sys and read-only
	// mounts can't be mounted again in some containers.
	const script = `
		mount --make-rprivate /
		while read -r _ _ _ _ at options _; do
			case $at in /proc*|/sys*) continue ;; esac
			mount -o remount,bind,ro "$at" 2>/dev/null
		done </proc/self/mountinfo
		for dir in / /tmp /var/tmp /dev/shm "$HOME" "$OLDTMP"; do
			if [ -d "$dir" ] && (: >"$dir/psl-written") 2>/dev/null; then echo "$dir can be written to" >&2; exit 9; fi
		done
		exec "$0" -c 'exec -a pod-status-logger "$0" "$@"' "$@"`
	cmd := exec.Command("unshare", "--mount", "bash", "-c", script, "bash", self, "demo", "--pace=0s", "-o", "json")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/root", "OLDTMP=" + t.TempDir()}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if !strings.Contains(stdout.String(), `"bundle.id":"helm/shop/cart"`) ||
		strings.Contains(stdout.String(), `"enrichment"`) {
		t.Errorf("the bundle plugin did not run:\n%s", stdout.String())
	}
	// There is no folder to which coverage could be written.
	printed := strings.TrimPrefix(stderr.String(), "warning: GOCOVERDIR not set, no coverage data emitted\n")
	if printed != "" {
		t.Errorf("stderr:\n%s", printed)
	}
}
