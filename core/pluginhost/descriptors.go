package pluginhost

import (
	"os"
	"strconv"
	"syscall"
)

// keepDescriptors keeps plugins from inheriting the descriptors that this process was
// started with besides stdin, stdout and stderr, such as a file that a shell has
// opened for it. Go itself does so for files that it opens.
func keepDescriptors() {
	const firstOther = 3
	entries, _ := os.ReadDir("/dev/fd") // there is one on Linux, macOS and the BSDs
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= firstOther {
			syscall.CloseOnExec(fd)
		}
	}
}
