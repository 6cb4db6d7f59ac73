//go:build unix

package pluginhost

import (
	"os"
	"syscall"
)

// killGroup kills a plugin and all that it has started.
func killGroup(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) }
