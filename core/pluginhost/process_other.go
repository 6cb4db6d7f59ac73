//go:build unix && !linux

package pluginhost

import (
	"errors"
	"os"
	"syscall"
)

// attributes put a plugin into a process group of its own. These systems do not kill it
// with the host: a plugin has to notice that its parent has ended.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// residentBytes is unknown: a plugin's memory is bounded on Linux only.
func residentBytes(int) (int64, error) { return 0, errors.ErrUnsupported }

func selfPath() (string, error) { return os.Executable() }
