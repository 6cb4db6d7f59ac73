package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// root is the folder of the repository.
const root = "../../"

// docker is an engine of the test's own, so that the stand-ins get among nobody's
// images, and a client with the plugins buildx and compose.
type docker struct {
	dir string
	env []string
	ran map[string]bool // the commands that were run
}

func startDocker(t *testing.T) *docker {
	t.Helper()
	needs(t, "root, for the Docker engine", map[bool]error{false: errors.New("this is another user")}[os.Getuid() == 0])
	dockerd, err := exec.LookPath("dockerd")
	needs(t, "a Docker engine", err)
	dir, err := os.MkdirTemp("/tmp", "psl") // the paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	d := &docker{dir: dir, ran: map[string]bool{}, env: append(os.Environ(),
		"DOCKER_HOST=unix://"+dir+"/sock", "DOCKER_CONFIG="+dir, "DOCKER_BUILDKIT=1",
		"PODSTATUS_VERSION="+imageVersion, // so that Compose builds what is built already
	)}
	plugins(t, dir)
	restoreNetwork(t)
	engine := exec.Command(dockerd, "--host=unix://"+dir+"/sock", "--data-root="+dir+"/data", "--exec-root="+dir+"/exec", "--pidfile="+dir+"/pid", "--log-level=warn")
	engine.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM} // also where the test is killed
	log := logTo(t, filepath.Join(dir, "log"))
	engine.Stdout, engine.Stderr = log, log
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- engine.Wait() }()
	t.Cleanup(func() {
		_ = engine.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("dockerd:\n%s", last(readFile(t, log.Name()), 4000))
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	eventually(t, "dockerd answers", func() error {
		if len(ended) > 0 {
			t.Fatalf("dockerd ended: %s", last(readFile(t, log.Name()), 2000))
		}
		_, err := d.try("version")
		return err
	})
	return d
}

// plugins puts the client's plugins where it looks for them.
func plugins(t *testing.T, dir string) {
	t.Helper()
	bin, err := filepath.Abs("bin")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(bin, filepath.Join(dir, "cli-plugins")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"docker-buildx", "docker-compose"} {
		_, err := os.Stat(filepath.Join(bin, name))
		needs(t, "what make compose-test builds", err)
	}
}

// restoreNetwork removes the bridge and the packet filter's rules that an engine
// leaves behind, unless there was one before.
func restoreNetwork(t *testing.T) {
	t.Helper()
	const bridge = "docker0"
	if _, err := os.Stat("/sys/class/net/" + bridge); err == nil {
		return
	}
	rules, err := exec.Command("iptables-save").Output()
	if err != nil {
		t.Fatalf("iptables-save: %v", err)
	}
	t.Cleanup(func() {
		restore := exec.Command("iptables-restore")
		restore.Stdin = bytes.NewReader(rules)
		if out, err := restore.CombinedOutput(); err != nil {
			t.Errorf("iptables-restore: %v: %s", err, out)
		}
		if out, err := exec.Command("ip", "link", "delete", bridge).CombinedOutput(); err != nil {
			t.Errorf("delete %s: %v: %s", bridge, err, out)
		}
	})
}

// run runs docker, which must succeed, and returns what it printed on stdout.
func (d *docker) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := d.try(args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *docker) try(args ...string) (string, error) { return d.with(nil, nil, args...) }

// with runs docker with more in its environment, and with an input.
func (d *docker) with(stdin io.Reader, env []string, args ...string) (string, error) {
	d.ran["docker "+strings.Join(args, " ")] = true
	cmd := exec.Command("docker", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = root, slices.Concat(d.env, env), stdin
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("docker %s: %w: %s%s", strings.Join(args, " "), err, last(string(out), 2000), last(stderr.String(), 4000))
	}
	return strings.TrimSpace(string(out)), nil
}

// needs leaves the test out where something is missing. CI has to have it.
func needs(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("this needs %s: %v", what, err)
	}
	t.Skipf("this needs %s: %v", what, err)
}

// eventually waits until something is as it should be.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	const patience = 90 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, patience, err)
		}
	}
}

func logTo(t *testing.T, path string) *os.File {
	t.Helper()
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func last(s string, n int) string { return s[max(0, len(s)-n):] }
