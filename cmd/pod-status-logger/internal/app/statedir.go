package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
)

// warnOfStateDir warns if another user can replace the files in the state directory: one
// who owns it, or any if it is writable by all. Volumes of Kubernetes often are, but
// only the pod's own containers see them.
func warnOfStateDir(dir string, log *slog.Logger) {
	of, mode, ok := stat(dir)
	if !ok { // opening the journal creates the directory, or reports why not
		return
	}
	foreign := of.Uid != 0 && int64(of.Uid) != int64(os.Geteuid())
	const writableByAll = 0o002
	if !foreign && (mode&writableByAll == 0 || isVolume(dir, of)) {
		return
	}
	log.Warn("other users can replace the journal: its directory should belong to the program's user, with mode 0700",
		"dir", dir, "owner", of.Uid, "mode", mode.String())
}

// isVolume reports whether something is mounted at dir.
func isVolume(dir string, of *syscall.Stat_t) bool {
	parent, _, ok := stat(filepath.Join(dir, ".."))
	return ok && parent.Dev != of.Dev
}

func stat(dir string) (*syscall.Stat_t, os.FileMode, bool) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, 0, false
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	return of, info.Mode(), ok
}

// volumeSize returns the number of bytes that a file system has for the program, used ones included, or 0 if that is
// unknown. The directory may still be missing.
func volumeSize(dir string) int64 {
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil && syscall.Statfs(filepath.Dir(dir), &fs) != nil {
		return 0
	}
	reserved := fs.Bfree - fs.Bavail                   // for root
	return int64(fs.Blocks-reserved) * int64(fs.Bsize) //nolint:gosec,unconvert // types differ between systems
}
