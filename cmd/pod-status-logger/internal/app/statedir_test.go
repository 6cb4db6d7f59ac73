package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileStateDir: there is a warning if others can replace the journal.
func TestHostileStateDir(t *testing.T) {
	for name, c := range map[string]struct {
		mode  os.FileMode
		owner int
		warns bool
	}{
		"own":            {0o700, 0, false},
		"own, a group's": {0o770, 0, false},
		"own, of all":    {0o777, 0, true},
		"foreign":        {0o777, 65534, true},
		"foreign, 0700":  {0o700, 65534, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, c.mode); err != nil {
				t.Fatal(err)
			}
			if c.owner != 0 {
				if os.Geteuid() != 0 {
					t.Skip("only root can give a directory away")
				}
				if err := os.Chown(dir, c.owner, c.owner); err != nil {
					t.Fatal(err)
				}
			}
			var log strings.Builder
			warnOfStateDir(dir, slog.New(slog.NewTextHandler(&log, nil)))
			if warned := strings.Contains(log.String(), dir); warned != c.warns {
				t.Errorf("a warning: %v, want %v: %s", warned, c.warns, log.String())
			}
		})
	}
	for _, dir := range []string{"/dev/shm", "/no/such"} { // a volume that all can write to, and none
		var log strings.Builder
		warnOfStateDir(dir, slog.New(slog.NewTextHandler(&log, nil)))
		if log.String() != "" {
			t.Errorf("%s: %s", dir, log.String())
		}
	}
}
