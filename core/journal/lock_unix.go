//go:build unix

package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockDir takes the lock of a journal, a file of its own: that of the journal is
// replaced when it is made smaller. The lock ends with the process, however that
// ends. Who only reads shares it, and needs none where there is no lock file.
func lockDir(dir string, write bool) (*os.File, error) {
	path, flag, how := filepath.Join(dir, lockName), os.O_RDONLY, syscall.LOCK_SH
	if write {
		flag, how = os.O_RDWR|os.O_CREATE, syscall.LOCK_EX
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if !write && errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is nothing to hold
	}
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockWait); ; time.Sleep(50 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Now().After(end) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s: %w: another pod-status-logger uses it; stop that one, or name another directory", path, ErrLocked)
	} else {
		err = fmt.Errorf("lock %s: %w", path, err)
	}
	return nil, errors.Join(err, f.Close())
}
