package pluginhost

import "syscall"

// attributes put a plugin into a process group of its own, so that Ctrl-C in a terminal
// doesn't reach it before the host has sent the last records, and let Linux kill it
// with the host.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// selfPath returns the path of the running executable, even if another file has its
// name by now.
func selfPath() (string, error) { return "/proc/self/exe", nil }
