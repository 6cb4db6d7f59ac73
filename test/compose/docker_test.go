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

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// root is the folder of the repository.
const root = "../../"

// docker is a Docker engine of the test's own, so that the stand-ins don't get among other
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
		"PODSTATUS_VERSION="+imageVersion, // so that Compose builds an existing image
	)}
	plugins(t, dir)
	restoreNetwork(t)
	engine := program.Start(t, program.Command{
		Path: dockerd,
		Args: []string{
			"--host=unix://" + dir + "/sock", "--data-root=" + dir + "/data", "--exec-root=" + dir + "/exec",
			"--pidfile=" + dir + "/pid", "--log-level=warn",
		},
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}, // if the test is killed
	})
	t.Cleanup(func() {
		if err := errors.Join(engine.Stop(), os.RemoveAll(dir)); err != nil {
			t.Errorf("stop dockerd: %v", err)
		}
	})
	wait.NoError(t, "dockerd answers", func() error {
		select {
		case <-engine.Done():
			t.Fatal("dockerd ended")
		default:
		}
		_, err := d.try("version")
		return err
	})
	return d
}

// plugins links the client's plugins into its configuration folder.
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

// restoreNetwork removes the bridge and the packet filter rules that an engine leaves behind,
// unless the bridge existed before.
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

// run runs docker, which must succeed, and returns its stdout.
func (d *docker) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := d.try(args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *docker) try(args ...string) (string, error) { return d.with(nil, nil, args...) }

// with runs docker with further environment variables and an input.
func (d *docker) with(stdin io.Reader, env []string, args ...string) (string, error) {
	d.ran["docker "+strings.Join(args, " ")] = true
	cmd := exec.Command("docker", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = root, slices.Concat(d.env, env), stdin
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out),
			fmt.Errorf("docker %s: %w: %s%s", strings.Join(args, " "), err, program.Tail(string(out)),
				program.Tail(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// needs skips the test if something is missing. In CI that fails the test.
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

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
