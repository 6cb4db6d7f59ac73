package main

import "golang.org/x/sys/unix"

// closeToOthers keeps other processes of the same user, such as plugins, from reading
// this one's environment and memory: the kernel then treats it like a process of
// root. Debuggers need the capability SYS_PTRACE to attach, and there are no core
// dumps; profiles and stack dumps are not affected.
func closeToOthers() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) } // only a seccomp filter makes it fail
