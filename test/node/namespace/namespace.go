// Package namespace runs code in the namespaces of another process.
package namespace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Run calls do in the mount, network and process namespaces of the process pid.
// A process that do starts belongs to them, and so does every connection that do
// makes. Files that do opens by name are those of the namespaces, too.
func Run(pid int, do func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that no other
		// goroutine runs in the namespaces.
		runtime.LockOSThread()
		if err := join(pid); err != nil {
			done <- fmt.Errorf("enter the namespaces of process %d: %w", pid, err)
			return
		}
		done <- do()
	}()
	return <-done
}

// Dial connects to an address, which must not be a name, from within the
// namespaces of the process pid.
func Dial(ctx context.Context, pid int, network, address string) (conn net.Conn, err error) {
	err = Run(pid, func() error {
		var dialer net.Dialer
		conn, err = dialer.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// join moves the calling thread into the namespaces of a process. Of the process
// namespace only the children of the thread become members.
func join(pid int) error {
	var files []*os.File
	defer func() {
		for _, file := range files {
			_ = file.Close()
		}
	}()
	for _, kind := range []string{"net", "pid", "mnt"} {
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	// A thread that shares its working folder with others can't change its mounts.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	var errs []error
	for _, file := range files {
		if err := unix.Setns(int(file.Fd()), 0); err != nil {
			errs = append(errs, fmt.Errorf("setns: %w", err))
		}
	}
	return errors.Join(errs...)
}
