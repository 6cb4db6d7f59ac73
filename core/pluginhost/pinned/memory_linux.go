package pinned

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyToMemory copies an executable into a file in memory that can't be changed any
// more, and verifies that.
func copyToMemory(source io.ReaderAt, size int64, sum []byte) (*Executable, error) {
	file, err := memoryFile("pinned-plugin")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(file, io.NewSectionReader(source, 0, size))
	if err == nil {
		_, err = unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS,
			unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE)
	}
	if err == nil {
		err = verify(file, size, sum)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Executable{
		Path:   fmt.Sprintf("/proc/self/fd/%d", file.Fd()), // of the process between fork and exec, which has it, too
		remove: func() { _ = file.Close() },
	}, nil
}

func memoryFile(name string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // Linux before 6.3 does not have the flag, and allows execution without it
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
