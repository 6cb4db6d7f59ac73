package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// socketFolder is the folder in which the plugins of one host listen. The host keeps a
// file in it locked, so that the next host recognises and removes the folder of one
// that was killed, and no other.
type socketFolder struct {
	path string

	mu   sync.Mutex
	lock *os.File
}

const (
	socketPrefix = "psl-" // short, as some systems have long names for temporary folders
	lockName     = "pod-status-logger.lock"
	// maxSocketFolder leaves room for go-plugin's folder and file in the 104 bytes
	// of a socket's path that all systems allow.
	maxSocketFolder = 104 - len("/plugin-dir4294967295/plugin4294967295") - 1
)

func newSocketFolder() (*socketFolder, error) {
	removeStale()
	for {
		path, err := os.MkdirTemp("", socketPrefix)
		if err != nil {
			return nil, fmt.Errorf("make a folder for the sockets of plugins: %w; TMPDIR can name a writable one", err)
		}
		f := &socketFolder{path: path}
		if len(path) > maxSocketFolder {
			f.remove()
			return nil, fmt.Errorf("make a folder for the sockets of plugins: the path %s is too long for sockets; "+
				"TMPDIR can name a shorter one", path)
		}
		err = f.ensure()
		if err == nil {
			return f, nil
		}
		f.remove()
		if !errors.Is(err, errTaken) {
			return nil, fmt.Errorf("lock the folder for the sockets of plugins: %w", err)
		}
	}
}

// errTaken is the error if another host took the folder for a stale one before it was
// locked.
var errTaken = errors.New("another host has removed it")

// ensure makes the folder and its lock, if they are missing: somebody may have tidied
// them away.
func (f *socketFolder) ensure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := filepath.Join(f.path, lockName)
	if _, err := os.Lstat(path); err == nil && f.lock != nil {
		return nil
	}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	locked := flock(file)
	if _, err := os.Lstat(path); err != nil || locked != nil {
		_ = file.Close()
		return errTaken
	}
	if f.lock != nil {
		_ = f.lock.Close()
	}
	f.lock = file
	return nil
}

// remove removes the folder and its contents, if there is one.
func (f *socketFolder) remove() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = os.RemoveAll(f.path)
	if f.lock != nil {
		_ = f.lock.Close()
		f.lock = nil
	}
}

// removeStale removes the folders of hosts that have ended: those of this user whose
// lock nobody holds.
func removeStale() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), socketPrefix+"*"))
	for _, path := range folders {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || !own(info) {
			continue
		}
		// The flags are for a link or a pipe that somebody may have put there.
		file, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if flock(file) == nil {
			_ = os.RemoveAll(path)
		}
		_ = file.Close()
	}
}

// own reports whether a file belongs to this user.
func own(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(os.Geteuid())
}

// flock locks a file, and fails if somebody else has.
func flock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
