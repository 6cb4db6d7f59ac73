package compose

import (
	"archive/tar"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// The image that make image builds.
const (
	imageName    = "example.test/pod-status-logger"
	imageVersion = "v9.8.7-test"
	image        = imageName + ":" + imageVersion
)

// make builds the image as users do.
func (d *docker) makeImage(t *testing.T, args ...string) {
	t.Helper()
	d.ran[strings.Join(append([]string{"make", "image"}, args...), " ")] = true
	cmd := exec.Command("make",
		append([]string{"-C", root, "image", "IMAGE=" + imageName, "VERSION=" + imageVersion}, args...)...)
	cmd.Env = d.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, program.Tail(string(out)))
	}
}

// inspected is the output of docker image inspect.
type inspected struct {
	Architecture string
	Size         int64
	Config       struct {
		User        string
		Labels      map[string]string
		Entrypoint  []string
		Healthcheck struct{ Test []string }
	}
}

func (d *docker) inspect(t *testing.T) (i inspected) {
	t.Helper()
	if err := json.Unmarshal([]byte(d.run(t, "image", "inspect", "--format={{json .}}", image)), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// hardened are the recommended options for running the image.
var hardened = []string{"run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}

// testImage inspects the image that make image builds.
func testImage(t *testing.T, d *docker) {
	d.makeImage(t)
	i := d.inspect(t)
	t.Logf("the image has %.1f MB", float64(i.Size)/1e6)
	if i.Size > 60e6 {
		t.Errorf("the image has %d bytes, want less than 60 MB", i.Size)
	}
	if i.Config.User != "65532:65532" || i.Config.Labels["org.opencontainers.image.version"] != imageVersion {
		t.Errorf("user %q, labels %v", i.Config.User, i.Config.Labels)
	}
	if out := d.run(t, "run", "--rm", "--network=none", image, "version"); !strings.HasPrefix(out,
		"pod-status-logger "+imageVersion+" ") {
		t.Errorf("version prints %q", out)
	}
	t.Run("no shell", func(t *testing.T) { testNoShell(t, d) })
	t.Run("healthy", func(t *testing.T) { testHealthy(t, d) })
	t.Run("arm64", func(t *testing.T) { testForeign(t, d) })
}

// testNoShell checks that the layers on top of distroless, which has no shell, contain only the
// program and its state directory.
func testNoShell(t *testing.T, d *docker) {
	id := d.run(t, "create", "--network=none", image)
	defer d.run(t, "rm", id)
	export := exec.Command("docker", "export", id)
	export.Env = d.env
	pipe, err := export.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := export.Start(); err != nil {
		t.Fatal(err)
	}
	var executables []string
	for archive := tar.NewReader(pipe); ; {
		h, err := archive.Next()
		if err != nil {
			break // the end, or an error that Wait returns
		}
		mode := h.FileInfo().Mode()
		switch {
		case mode.IsRegular() && mode&0o111 != 0 && h.Size > 0: // the engine adds empty ones
			executables = append(executables, h.Name)
		case h.Name == "var/lib/pod-status-logger/" && h.Uid != 65532:
			t.Errorf("the folder of the state belongs to %d", h.Uid)
		case mode&os.ModeSetuid != 0:
			t.Errorf("%s is set-uid", h.Name)
		}
	}
	if err := export.Wait(); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(executables) != "[pod-status-logger]" {
		t.Errorf("the image has the programs %v", executables)
	}
	if _, err := d.try("run", "--rm", "--entrypoint=/bin/sh", "--network=none", image, "-c", "true"); err == nil {
		t.Error("the image has a shell")
	}
}

// testHealthy checks that the demo runs without any privileges, with plugins too, and that its
// health check succeeds.
func testHealthy(t *testing.T, d *docker) {
	id := d.run(t, slices.Concat(hardened, []string{image, "demo", "--repeat", "--listen", ":9464"})...)
	defer d.run(t, "rm", "--force", id)
	wait.NoError(t, "the container is healthy", func() error {
		if state := d.run(t, "inspect", "--format={{.State.Health.Status}}", id); state != "healthy" {
			return errors.New(state)
		}
		return nil
	})
	pid := d.run(t, "inspect", "--format={{.State.Pid}}", id)
	status := readFile(t, "/proc/"+pid+"/status")
	for _, want := range []string{
		"Uid:\t65532\t65532\t65532\t65532\n", "CapEff:\t0000000000000000\n", "NoNewPrivs:\t1\n",
	} {
		if !strings.Contains(status, want) {
			t.Errorf("/proc/%s/status does not have %q", pid, want)
		}
	}
	if logs := d.run(t, "logs", id); !strings.Contains(logs, `"bundle.id"`) || strings.Contains(logs, `"enrichment"`) {
		t.Errorf("the bundle plugin did not run:\n%s", program.Tail(logs))
	}
	stop := d.run(t, "stop", id)
	if code := d.run(t, "inspect", "--format={{.State.ExitCode}}", stop); code != "0" {
		t.Errorf("stopped with exit status %s", code)
	}
}

// testForeign checks that an image for another platform contains a program for it.
func testForeign(t *testing.T, d *docker) {
	d.distroless(t, "linux/arm64")
	defer d.distroless(t)
	d.makeImage(t, "PLATFORM=linux/arm64")
	if i := d.inspect(t); i.Architecture != "arm64" {
		t.Errorf("the image is for %s", i.Architecture)
	}
	id := d.run(t, "create", "--network=none", "--platform=linux/arm64", image)
	defer d.run(t, "rm", id)
	program := filepath.Join(t.TempDir(), "program")
	d.run(t, "cp", id+":/pod-status-logger", program)
	file, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	binary, err := elf.NewFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if binary.Machine != elf.EM_AARCH64 {
		t.Errorf("the program is for %v", binary.Machine)
	}
	if libraries, _ := binary.ImportedLibraries(); len(libraries) > 0 {
		t.Errorf("the program needs %v", libraries)
	}
}
