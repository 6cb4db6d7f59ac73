//go:build unix

package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockDir takes the lock of a journal, which is a file of its own: compaction replaces that of the journal. The lock
// ends with the process, however that ends. A reader shares it, and needs none if there is no lock file.
func lockDir(dir string, write bool) (*os.File, error) {
	path, flag, how := filepath.Join(dir, lockName), os.O_RDONLY, syscall.LOCK_SH
	if write {
		flag, how = os.O_RDWR|os.O_CREATE, syscall.LOCK_EX
	}
	f, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("%s is a symbolic link, which somebody else may have put there; remove it", path)
	}
	if !write && errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is nothing to hold
	}
	if err != nil {
		return nil, err
	}
	err = flock(f, how)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s: %w: another pod-status-logger uses it; stop that one, or name another directory",
			path, ErrLocked)
	} else {
		err = fmt.Errorf("lock %s: %w", path, err)
	}
	return nil, errors.Join(err, f.Close())
}

// flock waits a moment for a process that is about to end.
func flock(f *os.File, how int) error {
	for end := time.Now().Add(lockWait); ; time.Sleep(50 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		busy := errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR)
		if !busy || time.Now().After(end) {
			return err
		}
	}
}
