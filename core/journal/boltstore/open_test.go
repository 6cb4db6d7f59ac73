package boltstore_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// The test binary can be the program that holds the lock.
var holderDir = flag.String("holder", "", "hold the journal in this directory until stdin ends")

func TestMain(m *testing.M) {
	flag.Parse()
	if *holderDir != "" {
		s, err := boltstore.Open(*holderDir, boltstore.Options{})
		fmt.Println(err)
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close()
		return
	}
	goleak.VerifyTestMain(m)
}

// openers open a journal in both ways.
func openers() map[string]func(dir string) (*journal.Journal, error) {
	return map[string]func(dir string) (*journal.Journal, error){
		"to write": func(dir string) (*journal.Journal, error) {
			s, err := boltstore.Open(dir, boltstore.Options{})
			if err != nil {
				return nil, err
			}
			return journal.Open(s, journal.Options{Capacity: 1})
		},
		"to read": func(dir string) (*journal.Journal, error) {
			s, err := boltstore.OpenReadOnly(dir)
			if err != nil {
				return nil, err
			}
			return journal.Open(s, journal.Options{})
		},
	}
}

// TestOpenRefuses: files that can't be used are refused with an error that says what to do, and are not changed.
func TestOpenRefuses(t *testing.T) {
	whole := wholeFile(t)
	newer := string(boltstore.Format(77))
	directory := func(_ *testing.T, path string) { _ = os.Mkdir(path, 0o700) }
	pipe := func(_ *testing.T, path string) { _ = syscall.Mkfifo(path, 0o600) }
	for name, c := range map[string]struct {
		file func(t *testing.T, path string)
		is   error
		says []string
	}{
		"empty":          {write(nil), journal.ErrDamaged, []string{"0 bytes", "move it away", "changes since 20"}},
		"one byte":       {write([]byte{0}), journal.ErrDamaged, []string{"move it away"}},
		"zeros":          {write(make([]byte, 1<<16)), journal.ErrDamaged, nil},
		"cut off":        {write(whole[:len(whole)/2]), journal.ErrDamaged, []string{"cut off"}},
		"text":           {write([]byte(strings.Repeat("hello ", 5000))), journal.ErrForeign, []string{"another directory"}},
		"short text":     {write([]byte(strings.Repeat("hello ", 50))), journal.ErrForeign, nil},
		"somebody's":     {bolt("users", "ada", ""), journal.ErrForeign, []string{"move the file away"}},
		"newer":          {bolt("meta", "format", newer), journal.ErrNewer, []string{"77", "run the version that wrote it"}},
		"a directory":    {directory, nil, []string{"not a regular file"}},
		"a pipe":         {pipe, nil, []string{"not a regular file"}},
		"another bucket": {bolt("meta", "odd", ""), journal.ErrDamaged, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "journal.db")
			c.file(t, path)
			before := contentOf(path)
			for how, open := range openers() {
				_, err := open(dir)
				if err == nil || c.is != nil && !errors.Is(err, c.is) {
					t.Fatalf("%s: got %v, want %v", how, err, c.is)
				}
				for _, s := range append(c.says, path) {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("%s: %v: lacks %q", how, err, s)
					}
				}
			}
			if contentOf(path) != before {
				t.Error("the file was changed")
			}
		})
	}
}

// TestHostileLock: no file is created through a symbolic link in place of the lock.
func TestHostileLock(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(target, filepath.Join(dir, "journal.lock")); err != nil {
		t.Fatal(err)
	}
	for how, open := range openers() {
		if _, err := open(dir); err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
			t.Errorf("%s: error %v", how, err)
		}
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("the file was created")
	}
}

func contentOf(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	b, _ := os.ReadFile(path)
	return string(b)
}

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

// wholeFile is that of a journal with entries.
func wholeFile(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, boltstore.Options{NoSync: true})
	for i := range 200 { // so many that the buckets have branch pages
		apply(t, s, change(i))
	}
	if err := s.Close(); err != nil {
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
		if _, err := boltstore.Open(path, boltstore.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := openers()["to read"](missing); !errors.Is(err, os.ErrNotExist) {
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
	open(t, dir, boltstore.Options{})
	for _, name := range []string{"journal.db", "journal.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("the file that a crash left is still there")
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
		_, err := boltstore.Open(dir, boltstore.Options{})
		if !errors.Is(err, boltstore.ErrLocked) || !strings.Contains(err.Error(), "another pod-status-logger uses it") {
			t.Errorf("write: %v", err)
		}
		if _, err := boltstore.OpenReadOnly(dir); !errors.Is(err, boltstore.ErrLocked) {
			t.Errorf("read: %v", err)
		}
	}
	in.Close()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	r, err := boltstore.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(dir, boltstore.Options{}); !errors.Is(err, boltstore.ErrLocked) {
		t.Errorf("write while it is read: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
