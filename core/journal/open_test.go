package journal_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

func openDir(t *testing.T, dir string, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// TestOpenRefuses looks at what is said of files that can't be used, and that
// they stay as they are.
func TestOpenRefuses(t *testing.T) {
	good := wholeFile(t)
	for name, c := range map[string]struct {
		file func(t *testing.T, path string)
		is   error
		says []string
	}{
		"empty":          {write(nil), journal.ErrDamaged, []string{"0 bytes", "move it away to start anew", "changes since 20"}},
		"one byte":       {write([]byte{0}), journal.ErrDamaged, []string{"move it away"}},
		"zeros":          {write(make([]byte, 1<<16)), journal.ErrDamaged, nil},
		"cut off":        {write(good[:len(good)/2]), journal.ErrDamaged, []string{"cut off"}},
		"text":           {write([]byte(strings.Repeat("hello ", 5000))), journal.ErrForeign, []string{"name another directory"}},
		"short text":     {write([]byte(strings.Repeat("hello ", 50))), journal.ErrForeign, nil},
		"somebody's":     {bolt("users", "ada", ""), journal.ErrForeign, []string{"move the file away"}},
		"newer":          {bolt("meta", "format", newerFormat), journal.ErrNewer, []string{"7", "run the version that wrote it"}},
		"a directory":    {func(_ *testing.T, path string) { _ = os.Mkdir(path, 0o700) }, nil, []string{"journal.db"}},
		"another bucket": {bolt("meta", "odd", ""), journal.ErrDamaged, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "journal.db")
			c.file(t, path)
			before, _ := os.ReadFile(path)
			for _, open := range []func() (*journal.Journal, error){
				func() (*journal.Journal, error) { return journal.Open(dir, journal.Options{Capacity: 1}) },
				func() (*journal.Journal, error) { return journal.OpenReadOnly(dir) },
			} {
				_, err := open()
				if err == nil || c.is != nil && !errors.Is(err, c.is) {
					t.Fatalf("got %v, want %v", err, c.is)
				}
				for _, s := range append(c.says, path) {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("%v: doesn't say %q", err, s)
					}
				}
			}
			if after, _ := os.ReadFile(path); string(before) != string(after) {
				t.Error("the file was changed")
			}
		})
	}
}

// newerFormat is what version 7 says, with its checksum.
var newerFormat = string(journal.Format(7))

func write(b []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// bolt makes a bbolt file with one value.
func bolt(bucket, key, value string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		err = db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte(bucket))
			if err != nil {
				return err
			}
			return b.Put([]byte(key), []byte(value))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wholeFile is that of a journal with something in it.
func wholeFile(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	m := newModel(t, j, 1)
	for range 10 {
		m.commit(40)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenWhereItCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write([]byte("x"))(t, file)
	for path, says := range map[string]string{
		file:                         file + " is not a directory",
		filepath.Join(file, "under"): "not a directory",
		"/proc/nowhere":              "no such file",
	} {
		if _, err := journal.Open(path, journal.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := journal.OpenReadOnly(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("read: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("reading made a directory")
	}
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "a", "b")
	left := filepath.Join(dir, "journal.db.tmp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write([]byte("left by a crash"))(t, left)
	openDir(t, dir, journal.Options{Capacity: 1})
	for _, name := range []string{"journal.db", "journal.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a crash left is still there")
	}
}

// TestOneProcess has another process hold a journal.
func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-holder="+dir)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if s, _ := bufio.NewReader(out).ReadString('\n'); s != "<nil>\n" {
		t.Fatal(s)
	}
	for range 2 {
		_, err := journal.Open(dir, journal.Options{})
		if !errors.Is(err, journal.ErrLocked) || !strings.Contains(err.Error(), "another pod-status-logger uses it") {
			t.Errorf("write: %v", err)
		}
		if _, err := journal.OpenReadOnly(dir); !errors.Is(err, journal.ErrLocked) {
			t.Errorf("read: %v", err)
		}
	}
	in.Close()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	r, err := journal.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, journal.Options{}); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("write while it is read: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestReadOnly looks at everything without changing anything.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	m := newModel(t, j, 3)
	for range 20 {
		m.commit(40)
		m.step()
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "journal.db")
	before, _ := os.ReadFile(path)
	r, err := journal.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := contentsOf(r)
	if err == nil {
		err = same(m.want, got)
	}
	if err != nil {
		t.Error(err)
	}
	if err := r.Commit(t.Context(), groupAfter(got.Seq, "x")); !errors.Is(err, journal.ErrReadOnly) {
		t.Errorf("commit: %v", err)
	}
	if _, err := r.Discard(); !errors.Is(err, journal.ErrReadOnly) {
		t.Errorf("discard: %v", err)
	}
	if _, err := r.Resend(); !errors.Is(err, journal.ErrReadOnly) {
		t.Errorf("resend: %v", err)
	}
	if err := r.Ack(next(t, r, 100, 1)); !errors.Is(err, journal.ErrReadOnly) {
		t.Errorf("ack: %v", err)
	}
	r.Written()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if after, _ := os.ReadFile(path); string(before) != string(after) {
		t.Error("the file was changed")
	}
}
