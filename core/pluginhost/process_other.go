//go:build unix && !linux

package pluginhost

import (
	"errors"
	"os"
	"syscall"
)

// attributes put a plugin into a process group of its own. Nothing here kills it
// with the host: a plugin has to see by itself that its parent is gone.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// residentBytes is known on Linux only; elsewhere a plugin's memory is not
// bounded.
func residentBytes(int) (int64, error) { return 0, errors.ErrUnsupported }

func selfPath() (string, error) { return os.Executable() }
