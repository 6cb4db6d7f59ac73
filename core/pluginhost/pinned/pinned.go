// Package pinned copies executables whose checksum is pinned, so that nobody can
// replace them between their verification and their execution.
package pinned

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxExecutable bounds the pinned executables, which are copied.
const maxExecutable = 1 << 30

// Executable is a copy of an executable. Its checksum was verified, and nobody but
// the host's own user can change it before it is executed. Use [Copy].
type Executable struct {
	// Path is executed instead of that of the original.
	Path string

	remove func()
}

// Remove removes the copy after the process has ended. It may be called again.
func (e *Executable) Remove() { e.remove() }

// Copy copies an executable with this SHA-256 checksum into memory or, if the system
// can't do that, into a folder of its own in folder. The error is that of the file
// system, or begins with "sha256: ".
//
// Scripts always go into a folder: interpreters open them by name.
func Copy(path string, sum []byte, folder string) (*Executable, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // would else wait for the writer of a FIFO
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	size, script, err := checkSource(file, sum)
	if err != nil {
		return nil, err
	}
	if !script {
		if copied, err := copyToMemory(file, size, sum); err == nil || errors.Is(err, errAnotherFile) {
			return copied, naming(path, err)
		}
	}
	copied, err := copyToFolder(file, size, sum, folder, script)
	return copied, naming(path, err)
}

// errAnotherFile is the error for an executable that has another checksum.
var errAnotherFile = errors.New("differs from the pinned file")

func naming(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sha256: %s %w", path, err)
}

// checkSource verifies the checksum before anything is copied, so that a file that
// was not pinned takes neither memory nor space.
func checkSource(file *os.File, sum []byte) (size int64, script bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, false, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxExecutable {
		return 0, false, naming(file.Name(), fmt.Errorf("is not a regular file of at most %d MiB", maxExecutable>>20))
	}
	if err := verify(file, info.Size(), sum); err != nil {
		return 0, false, naming(file.Name(), err)
	}
	first := make([]byte, len("#!"))
	_, err = file.ReadAt(first, 0)
	return info.Size(), string(first) == "#!", err
}

// verify compares the checksum of a file, which must have this size.
func verify(file io.ReaderAt, size int64, sum []byte) error {
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(file, 0, size+1)); err != nil {
		return err
	}
	if !bytes.Equal(hash.Sum(nil), sum) {
		return errAnotherFile
	}
	return nil
}

// copyToFolder copies an executable into a folder that only this user can enter. A
// script finds the files beside it there, too, by links.
func copyToFolder(source *os.File, size int64, sum []byte, folder string, script bool) (*Executable, error) {
	dir, err := os.MkdirTemp(folder, "pinned-")
	if err != nil {
		return nil, err
	}
	e := &Executable{
		Path:   filepath.Join(dir, filepath.Base(source.Name())),
		remove: func() { _ = os.RemoveAll(dir) },
	}
	err = copyFile(e.Path, source, size)
	if err == nil {
		err = verifyFile(e.Path, size, sum)
	}
	if err == nil && script {
		err = linkNeighbours(source.Name(), dir)
	}
	if err != nil {
		e.remove()
		return nil, err
	}
	return e, nil
}

func copyFile(path string, source io.ReaderAt, size int64) error {
	// A process that is forked meanwhile would have the copy open for writing, and
	// the system does not execute such a file.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500) //nolint:gosec // it is executed
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.NewSectionReader(source, 0, size))
	return errors.Join(err, file.Close())
}

func verifyFile(path string, size int64, sum []byte) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return verify(file, size, sum)
}

// linkNeighbours links the files beside a script into dir.
func linkNeighbours(script, dir string) error {
	target, err := filepath.EvalSymlinks(script)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		return nil //nolint:nilerr // it may be executable, but not readable
	}
	for _, entry := range entries {
		err := os.Symlink(filepath.Join(filepath.Dir(target), entry.Name()), filepath.Join(dir, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) { // the script itself
			return err
		}
	}
	return nil
}
