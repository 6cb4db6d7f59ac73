package pluginhost

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// socketFolder is where the plugins of one host listen. It is locked for as long
// as the host lives, so that the next host can tell, and remove, what one that
// was killed has left.
type socketFolder struct {
	path string
	lock *os.File
}

const (
	socketPrefix = "psl-" // short: some systems have long names for temporary folders
	// maxSocketFolder leaves room for go-plugin's folder and file in the 104
	// bytes that the path of a socket may have on all systems.
	maxSocketFolder = 104 - len("/plugin-dir4294967295/plugin4294967295") - 1
)

func newSocketFolder() (*socketFolder, error) {
	removeStale()
	path, err := os.MkdirTemp("", socketPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the sockets of plugins: %w; TMPDIR can name a place that can be written to", err)
	}
	f := &socketFolder{path: path}
	if len(path) > maxSocketFolder {
		f.remove()
		return nil, fmt.Errorf("make a folder for the sockets of plugins: the path %s is too long for sockets; TMPDIR can name a shorter one", path)
	}
	if f.lock, err = lock(path); err != nil {
		f.remove()
		return nil, fmt.Errorf("lock the folder for the sockets of plugins: %w", err)
	}
	return f, nil
}

// newFolder is how long a folder is left alone that may be about to be locked.
const newFolder = time.Minute

// removeStale removes the folders of hosts that are gone.
func removeStale() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), socketPrefix+"*"))
	for _, path := range folders {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < newFolder {
			continue
		}
		f, err := lock(path)
		if err != nil { // another host's, or somebody else's
			continue
		}
		_ = os.RemoveAll(path)
		_ = f.Close()
	}
}

// lock locks a folder, if nobody else has.
func lock(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// remove removes the folder and what is in it.
func (f *socketFolder) remove() {
	_ = os.RemoveAll(f.path)
	if f.lock != nil {
		_ = f.lock.Close()
	}
}
