package pluginhost

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// socketFolder is the folder in which the plugins of one host listen. The host keeps a
// file in it locked, so that the next host recognises and removes the folder of one
// that was killed, and no other.
type socketFolder struct {
	log *slog.Logger

	mu   sync.Mutex
	path string // of this user alone
	lock *os.File
}

const (
	socketPrefix = "psl-" // short, as some systems have long names for temporary folders
	lockName     = "pod-status-logger.lock"
	folderMode   = 0o700
	// maxSocketFolder leaves room for go-plugin's folder and file in the 104 bytes
	// of a socket's path that all systems allow.
	maxSocketFolder = 104 - len("/plugin-dir4294967295/plugin4294967295") - 1
)

func newSocketFolder(log *slog.Logger) (*socketFolder, error) {
	removeStale()
	f := &socketFolder{log: log}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f, f.create()
}

// create creates a folder with a new name, and its lock.
func (f *socketFolder) create() error {
	for {
		path, err := os.MkdirTemp("", socketPrefix)
		if err != nil {
			return fmt.Errorf("create a socket directory for plugins: %w; TMPDIR can name a writable one", err)
		}
		f.path = path
		if len(path) > maxSocketFolder {
			f.clear()
			return fmt.Errorf("create a socket directory for plugins: the path %s is too long for sockets; "+
				"TMPDIR can name a shorter one", path)
		}
		err = f.takeLock()
		if err == nil {
			return nil
		}
		f.clear()
		if !errors.Is(err, errTaken) {
			return fmt.Errorf("lock the socket directory of plugins: %w", err)
		}
	}
}

// errTaken is the error if another host took the folder for a stale one before it was
// locked.
var errTaken = errors.New("another host has removed it")

// takeLock creates and locks the file in the folder.
func (f *socketFolder) takeLock() error {
	path := filepath.Join(f.path, lockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
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

// ensure returns the path of the folder, and creates missing parts, since somebody may have
// tidied it away. If another user has recreated the folder, or its mode lets others in, a
// folder with another name replaces it.
func (f *socketFolder) ensure() (path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Lstat(f.path)
	switch {
	case err == nil && isPrivate(info) && f.hasLock():
		return f.path, nil
	case err == nil && isPrivate(info):
		err = f.takeLock()
	case err == nil:
		f.log.Warn("the socket directory of plugins is not private to this user; using a new one",
			"folder", f.path)
		fallthrough
	default:
		err = f.create()
	}
	return f.path, err
}

// isPrivate reports whether a file is a folder of this user that others can't enter.
func isPrivate(info os.FileInfo) bool {
	return info.IsDir() && info.Mode().Perm() == folderMode && own(info)
}

// hasLock reports whether the file that this host has locked is in the folder.
func (f *socketFolder) hasLock() bool {
	named, err := os.Lstat(filepath.Join(f.path, lockName))
	if err != nil || f.lock == nil {
		return false
	}
	held, err := f.lock.Stat()
	return err == nil && os.SameFile(named, held)
}

// remove removes the folder and its contents, if there is one.
func (f *socketFolder) remove() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clear()
}

// clear removes the folder, unless it belongs to somebody else by now.
func (f *socketFolder) clear() {
	if info, err := os.Lstat(f.path); err == nil && isPrivate(info) {
		_ = os.RemoveAll(f.path)
	}
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
		if err != nil || !isPrivate(info) {
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
