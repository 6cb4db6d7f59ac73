//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// disk is a small file system for the state directory, which the test can fill.
type disk struct{ dir string }

const diskSize = "64m"

// mountDisk mounts a tmpfs. If that isn't allowed, the test fails: it could not fill a disk.
func mountDisk(t *testing.T, dir string) *disk {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	options := "size=" + diskSize
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options)
	unmount := func() error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
	if errors.Is(err, syscall.EPERM) {
		owner := fmt.Sprintf("%s,mode=700,uid=%d,gid=%d", options, os.Getuid(), os.Getgid())
		err = exec.Command("sudo", "-n", "mount", "-t", "tmpfs", "-o", owner, "tmpfs", dir).Run()
		unmount = func() error { return exec.Command("sudo", "-n", "umount", "-l", dir).Run() }
	}
	if err != nil {
		t.Fatalf("mount a tmpfs: %v; the test needs the right to mount: run it as root, with sudo without a password, or "+
			"with unshare --map-root-user --mount", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = os.CopyFS(dir+"-kept", os.DirFS(dir))
		}
		if err := unmount(); err != nil {
			t.Error(err)
		}
	})
	return &disk{dir}
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

// fill leaves no byte free. Files that are deleted on the disk later make room again.
func (d *disk) fill() error {
	f, err := os.OpenFile(d.filler(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size >= 1<<12; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return fmt.Errorf("fill the disk: %w", err)
		}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &fs); err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	if fs.Bavail > 1 {
		return fmt.Errorf("fill the disk: %d blocks are left", fs.Bavail)
	}
	return nil
}

func (d *disk) clear() error { return os.Remove(d.filler()) }
