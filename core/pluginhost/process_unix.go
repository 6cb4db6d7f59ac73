//go:build unix

package pluginhost

import (
	"errors"
	"os"
	"syscall"
)

// killGroup kills a plugin and all that it has started.
func killGroup(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) }

// reapGroup takes leave of what a plugin had started and that has been killed:
// where the host is the first process of a container, such orphans are its
// children, and would stay as zombies.
func reapGroup(leader *os.Process) {
	for {
		if _, err := syscall.Wait4(-leader.Pid, nil, 0, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			return // there are none, or no more
		}
	}
}
