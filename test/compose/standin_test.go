package compose

import (
	"archive/tar"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The images in Dockerfile and docker-compose.yaml.
const (
	golang     = "golang:1.26"
	distroless = "gcr.io/distroless/static-debian12:nonroot"
	contrib    = "otel/opentelemetry-collector-contrib:0.160.0"
	victoria   = "victoriametrics/victoria-logs:v1.7.0-victorialogs"
)

const certificates = "/etc/ssl/certs/ca-certificates.crt"

// standIns creates stand-ins for all of them.
func (d *docker) standIns(t *testing.T) {
	t.Helper()
	d.golang(t)
	d.distroless(t)
	// No shell here either.
	d.image(t, contrib,
		[]string{"USER 10001", `ENTRYPOINT ["/otelcol-contrib"]`, `CMD ["--config=/etc/otelcol-contrib/config.yaml"]`},
		func(f *files) {
			f.add("/otelcol-contrib", root+"test/collector/bin/otelcol")
			f.add(certificates, certificates)
		})
	// The original is Alpine's, whose wget is busybox', too.
	d.image(t, victoria, []string{`ENTRYPOINT ["/victoria-logs-prod"]`}, func(f *files) {
		f.add("/victoria-logs-prod", root+"test/logstore/bin/victoria-logs")
		f.busybox("sh", "wget")
	})
}

// golang is the toolchain that runs the test, with the shell and the make of the
// host.
func (d *docker) golang(t *testing.T) {
	t.Helper()
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	env := "ENV GOTOOLCHAIN=local GOPATH=/go PATH=/usr/local/go/bin:/usr/bin:/bin"
	d.image(t, golang, []string{env, "WORKDIR /go"}, func(f *files) {
		f.tree("/usr/local/go", strings.TrimSpace(string(goroot)))
		f.add(certificates, certificates)
		f.directory("/tmp", 0o1777)
		f.busybox("sh", "mkdir")
		for _, program := range []string{"/usr/bin/make", "/bin/bash"} {
			f.program(program)
		}
	})
}

// distroless has a platform, so that images of other platforms may have its name temporarily.
func (d *docker) distroless(t *testing.T, platform ...string) {
	t.Helper()
	d.image(t, distroless, []string{"USER 65532", "WORKDIR /home/nonroot"}, func(f *files) {
		f.text("/etc/passwd",
			"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")
		f.add(certificates, certificates)
		f.directory("/tmp", 0o1777)
		f.directory("/home/nonroot", 0o755)
	}, platform...)
}

// image builds an image of files, and of lines of a Dockerfile.
func (d *docker) image(t *testing.T, name string, lines []string, fill func(*files), platform ...string) {
	t.Helper()
	reader, writer := io.Pipe()
	f := &files{t: t, tar: tar.NewWriter(writer), libraries: map[string]bool{}}
	go func() {
		f.entry(&tar.Header{Name: "Dockerfile", Mode: 0o644}, "FROM scratch\nCOPY files /\n"+strings.Join(lines, "\n")+"\n")
		fill(f)
		_ = writer.CloseWithError(f.tar.Close())
	}()
	args := []string{"build", "--tag=" + name}
	for _, p := range platform {
		args = append(args, "--platform="+p)
	}
	if _, err := d.with(reader, nil, append(args, "-")...); err != nil {
		t.Fatal(err)
	}
}

// files writes an image's files.
type files struct {
	t   *testing.T
	tar *tar.Writer

	libraries map[string]bool // that are there
}

func (f *files) entry(h *tar.Header, content string) {
	h.Size = int64(len(content))
	f.copy(h, strings.NewReader(content))
}

func (f *files) copy(h *tar.Header, content io.Reader) {
	if err := f.tar.WriteHeader(h); err != nil {
		f.t.Errorf("%s: %v", h.Name, err)
		return
	}
	if _, err := io.CopyN(f.tar, content, h.Size); err != nil {
		f.t.Errorf("%s: %v", h.Name, err)
	}
}

func (f *files) directory(name string, mode int64) {
	f.entry(&tar.Header{Typeflag: tar.TypeDir, Name: "files" + name + "/", Mode: mode}, "")
}

func (f *files) text(name, content string) {
	f.entry(&tar.Header{Name: "files" + name, Mode: 0o644}, content)
}

// add adds a file of the host, links followed.
func (f *files) add(name, from string) {
	file, err := os.Open(from)
	if err != nil {
		f.t.Errorf("%v: make compose-test builds what the tests need", err)
		return
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		f.t.Error(err)
		return
	}
	f.copy(&tar.Header{Name: "files" + name, Mode: int64(info.Mode().Perm()), Size: info.Size()}, file)
}

// tree adds a folder of the host, except files that no build needs.
func (f *files) tree(name, from string) {
	err := filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		within := strings.TrimPrefix(p, from)
		switch {
		case err != nil:
			return err
		case within == "/test" || within == "/api" || within == "/doc" || e.Name() == "testdata":
			return fs.SkipDir
		case e.Type().IsRegular():
			f.add(path.Join(name, within), p)
		}
		return nil
	})
	if err != nil {
		f.t.Error(err)
	}
}

// busybox adds the static busybox under these names.
func (f *files) busybox(names ...string) {
	f.add("/bin/busybox", "/bin/busybox")
	for _, name := range names {
		f.entry(&tar.Header{Typeflag: tar.TypeSymlink, Name: "files/bin/" + name, Linkname: "busybox"}, "")
	}
}

var library = regexp.MustCompile(`(/\S+) \(`)

// program adds a program of the host and its libraries.
func (f *files) program(name string) {
	f.add(name, name)
	out, err := exec.Command("ldd", name).Output()
	if err != nil {
		f.t.Errorf("ldd %s: %v", name, err)
	}
	for _, m := range library.FindAllStringSubmatch(string(out), -1) {
		if name := m[1]; !f.libraries[name] { // no file may be there twice
			f.libraries[name] = true
			f.add(name, name)
		}
	}
}
