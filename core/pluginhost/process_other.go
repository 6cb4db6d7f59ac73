//go:build unix && !linux

package pluginhost

import (
	"os"
	"syscall"
)

// attributes put a plugin into a process group of its own. These systems do not kill it
// with the host: a plugin has to notice that its parent has ended.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// family is empty: a plugin's memory is bounded on Linux only.
type family struct{ resident int64 }

func familyOf(int) family { return family{} }

func (family) kill() {}

func selfPath() (string, error) { return os.Executable() }
