package pluginhost

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pod-status-logger/pod-status-logger/core/pluginhost/family"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// The tests in this file attack the host. HOSTILE=long in the environment repeats each
// attack more often.

// longer returns the larger number for long runs.
func longer(short, long int) int {
	if os.Getenv("HOSTILE") == "long" {
		return long
	}
	return short
}

// sumOf returns the checksum of a file.
func sumOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestHostileReplacement: the file of a pinned plugin is replaced, or changed in place,
// the moment that the host has opened, read or closed it. The other file is never
// executed.
func TestHostileReplacement(t *testing.T) {
	for name, c := range map[string]struct {
		event   uint32
		replace func(evil, path string) error
	}{
		"renamed at opening": {unix.IN_OPEN, os.Rename},
		"renamed at reading": {unix.IN_ACCESS, os.Rename},
		"renamed at closing": {unix.IN_CLOSE_NOWRITE, os.Rename},
		"changed at opening": {unix.IN_OPEN, overwrite},
		"changed at reading": {unix.IN_ACCESS, overwrite},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, ran := filepath.Join(dir, "plugin"), filepath.Join(dir, "ran")
			spec := specOf(t, "good")
			good, err := os.ReadFile(spec.Command)
			if err != nil {
				t.Fatal(err)
			}
			spec.SHA256, spec.Command = sumOf(t, spec.Command), path
			started, replaced := 0, 0
			for range longer(12, 200) {
				_ = os.Remove(path) // a new file: the old one may be executed still
				if err := os.WriteFile(path, good, 0o700); err != nil {
					t.Fatal(err)
				}
				evil := filepath.Join(dir, "evil")
				if err := os.WriteFile(evil, []byte("#!/bin/sh\necho evil >>'"+ran+"'\n"), 0o700); err != nil {
					t.Fatal(err)
				}
				done := onEvent(t, path, c.event, func() error { return c.replace(evil, path) })
				host, err := Start(t.Context(), []Spec{spec}, slog.New(slog.DiscardHandler))
				switch {
				case err == nil:
					answers(t, host.Plugins()[0])
					host.Close()
					started++
				case !strings.Contains(err.Error(), "sha256: "):
					t.Errorf("error %v", err)
				}
				if <-done == nil {
					replaced++
				}
			}
			if b, err := os.ReadFile(ran); err == nil {
				t.Errorf("the other file was executed %d times", strings.Count(string(b), "\n"))
			}
			t.Logf("replaced %d times, %d starts of the pinned file", replaced, started)
			if replaced == 0 {
				t.Error("the file was never replaced")
			}
		})
	}
}

// overwrite writes one file's contents into the other.
func overwrite(evil, path string) error {
	b, err := os.ReadFile(evil)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o700)
}

// onEvent calls do at the first event of a file. The channel gets the result.
func onEvent(t *testing.T, path string, event uint32, do func() error) <-chan error {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.InotifyAddWatch(fd, path, event); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, _ = unix.Read(fd, make([]byte, unix.SizeofInotifyEvent+unix.NAME_MAX+1))
		done <- do()
		_ = unix.Close(fd)
	}()
	return done
}

// TestPinInMemory: a pinned executable is copied into memory, others are not, and
// nothing of that is left in the end.
func TestPinInMemory(t *testing.T) {
	for _, pinned := range []bool{true, false} {
		spec := specOf(t, "good")
		if pinned {
			spec.SHA256 = sumOf(t, spec.Command)
		}
		host, _ := start(t, spec)
		p := host.Plugins()[0]
		answers(t, p)
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pidOf(p)))
		if err != nil || strings.HasPrefix(exe, "/memfd:") != pinned {
			t.Errorf("pinned: %v: it executes %s, error %v", pinned, exe, err)
		}
		if n := memoryFiles(); n > 0 != pinned {
			t.Errorf("pinned: %v: %d files in memory", pinned, n)
		}
		host.Close()
		if n := memoryFiles(); n > 0 {
			t.Errorf("pinned: %v: %d files in memory are left", pinned, n)
		}
	}
}

func memoryFiles() (n int) {
	files, _ := filepath.Glob("/proc/self/fd/*")
	for _, file := range files {
		if to, _ := os.Readlink(file); strings.HasPrefix(to, "/memfd:") {
			n++
		}
	}
	return n
}

// TestPinnedScript: a pinned script is executed as a copy that finds the files beside
// it, and nothing of that is left in the end.
func TestPinnedScript(t *testing.T) {
	temp := shortTemp(t)
	t.Setenv("TMPDIR", temp)
	dir, spec := t.TempDir(), specOf(t, "good")
	for name, text := range map[string]string{
		"plugin": "#!/bin/sh\n. \"$(/usr/bin/dirname \"$0\")/rest\"\n",
		"rest":   "exec '" + spec.Command + "' " + strings.Join(spec.Args, " ") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	spec.Command, spec.Args = filepath.Join(dir, "link"), nil
	if err := os.Symlink(filepath.Join(dir, "plugin"), spec.Command); err != nil {
		t.Fatal(err)
	}
	spec.SHA256 = sumOf(t, spec.Command)
	host, _ := start(t, spec)
	answers(t, host.Plugins()[0])
	if copies, _ := filepath.Glob(filepath.Join(temp, "*", "pinned-*", "link")); len(copies) != 1 {
		t.Errorf("copies: %v", copies)
	}
	host.Close()
	if left, _ := filepath.Glob(filepath.Join(temp, socketPrefix+"*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestHostileFolder: somebody else creates the folder of the sockets anew, or a link in
// its place. The host does not use it.
func TestHostileFolder(t *testing.T) {
	for name, attack := range map[string]func(t *testing.T, path string) error{
		"open to all": func(_ *testing.T, path string) error {
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}
			return os.Chmod(path, 0o777)
		},
		"a link": func(t *testing.T, path string) error { return os.Symlink(t.TempDir(), path) },
		"somebody else's": func(t *testing.T, path string) error {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}
			return os.Chown(path, 65534, 65534)
		},
		"with another lock": func(_ *testing.T, path string) error {
			if err := os.Mkdir(path, 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(path, lockName), nil, 0o666)
		},
	} {
		t.Run(name, func(t *testing.T) {
			temp := shortTemp(t)
			t.Setenv("TMPDIR", temp)
			host, log := start(t, specOf(t, "good"))
			p := host.Plugins()[0]
			folder := p.launcher.sockets.path
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			if err := attack(t, folder); err != nil {
				t.Fatal(err)
			}
			_ = syscall.Kill(pidOf(p), syscall.SIGKILL)
			wait.Until(t, "a restart", func() bool { return p.Stats().Restarts == 1 })
			answers(t, p)
			log.Await(t, "is not private to this user")
			if used, _ := filepath.Glob(filepath.Join(folder, "*", "*")); len(used) > 0 {
				t.Errorf("the plugin listens at %v", used)
			}
			host.Close()
			if left, _ := filepath.Glob(filepath.Join(temp, socketPrefix+"*")); !slices.Equal(left, []string{folder}) {
				t.Errorf("left: %v, want only the folder that isn't the host's", left)
			}
		})
	}
}

// TestHostileChildren: the memory of processes that a plugin has started counts, even
// of those outside of its group, and they end with it.
func TestHostileChildren(t *testing.T) {
	spec := specOf(t, "has-greedy-children")
	spec.Args = append(spec.Args, "300")
	spec.MaxMemory = 250 << 20
	_, log := hosted(t, spec)
	child := childOf(t, log)
	log.Await(t, "MiB of memory, at most 250 are allowed")
	wait.Until(t, "the end of the child", func() bool { return !alive(child) })
}

// childOf returns the process id of the child that a plugin has printed.
func childOf(t *testing.T, log *logbuffer.Buffer) (child int) {
	t.Helper()
	log.Await(t, `"msg":"child `)
	_, rest, _ := strings.Cut(log.String(), `"msg":"child `)
	if _, err := fmt.Sscan(rest, &child); err != nil {
		t.Fatal(err)
	}
	return child
}

// TestHostileFlood: a plugin that prints as fast as it can costs the host little, its
// other calls are answered, and it ends in time.
func TestHostileFlood(t *testing.T) {
	for _, behaviour := range []string{"floods-with-short-lines", "floods-without-lines"} {
		t.Run(behaviour, func(t *testing.T) {
			host, _ := start(t, specOf(t, behaviour))
			p := host.Plugins()[0]
			wait.Until(t, "a pause", func() bool { return p.launcher.output.reading.Tokens() < 0 })
			start, before := time.Now(), cpuTime(t)
			for time.Since(start) < time.Duration(longer(3, 60))*time.Second {
				answers(t, p)
				<-time.After(20 * time.Millisecond)
			}
			share := float64(cpuTime(t)-before) / float64(time.Since(start))
			t.Logf("%.3f of a core; %d lines dropped", share, p.Stats().LinesDropped)
			if share > 0.2 {
				t.Errorf("the host uses %.2f of a core, want at most 0.2", share)
			}
			start = time.Now()
			host.Close()
			if took := time.Since(start); took > wait.Patience/6 {
				t.Errorf("closing took %v", took)
			}
		})
	}
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestFamily: a family has the leader, its group, and all that these have started.
func TestFamily(t *testing.T) {
	p, log := hosted(t, specOf(t, "has-children"))
	child, leader := childOf(t, log), pidOf(p)
	all := family.Of(leader)
	if len(all.PIDs) != 2 || all.PIDs[0]+all.PIDs[1] != child+leader || all.Resident < 1<<20 {
		t.Errorf("%+v, want %d and %d", all, leader, child)
	}
	if none := family.Of(1 << 30); len(none.PIDs) > 0 || none.Resident != 0 {
		t.Errorf("%+v", none)
	}
}
