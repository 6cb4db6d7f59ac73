//go:build unix && !linux

package pluginhost

import (
	"os"
	"syscall"
)

// attributes put a plugin into a process group of its own. These systems do not kill it
// with the host: a plugin has to notice that its parent has ended.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func selfPath() (string, error) { return os.Executable() }
