//go:build unix

package pluginhost

import (
	"errors"
	"os"
	"syscall"
)

// killGroup kills a plugin and its children.
func killGroup(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) }

// reapGroup waits for the children of a plugin that have been killed. If the host is
// the first process of a container, such orphans are its children, and would stay as
// zombies.
func reapGroup(leader *os.Process) {
	for {
		if _, err := syscall.Wait4(-leader.Pid, nil, 0, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			return // there are none, or no more
		}
	}
}
