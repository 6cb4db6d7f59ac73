package pluginhost

import (
	"os"
	"strconv"
	"syscall"
)

// keepDescriptors has plugins not get what this process was started with beside
// stdin, stdout and stderr, such as a file that a shell has opened for it. What
// Go opens itself it keeps anyhow.
func keepDescriptors() {
	const firstOther = 3
	entries, _ := os.ReadDir("/dev/fd") // there is one on Linux, macOS and the BSDs
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= firstOther {
			syscall.CloseOnExec(fd)
		}
	}
}
