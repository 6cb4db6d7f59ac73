package pluginhost

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/hashicorp/go-plugin"
)

// ErrCommand is the error for a file that can't be run as a plugin.
var ErrCommand = errors.New("which can't be run")

// selfName is what a list of processes shows for a built-in plugin.
const selfName = "pod-status-logger"

// command returns the command that starts the plugin as a process.
func (s *Spec) command() (*exec.Cmd, error) {
	path := s.Command
	if path == "" {
		self, err := selfPath()
		if err != nil {
			return nil, err
		}
		path = self
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, %w", path, ErrCommand)
	case info.Mode().Perm()&0o111 == 0:
		return nil, fmt.Errorf("%s is not executable (chmod +x makes it so), %w", path, ErrCommand)
	}
	cmd := exec.Command(path, s.Args...) //nolint:gosec,noctx // the operator names it; [instance.stop] ends it
	if s.Command == "" {
		cmd.Args[0] = selfName
	}
	cmd.Env = append([]string{}, s.Env...) // not nil, which would be the host's environment
	return cmd, nil
}

// checkSum compares the executable with the pinned sum. The hash is a new one each
// time, because go-plugin does not reset it.
func (s *Spec) checkSum(path string) error {
	sum, err := s.checksum()
	if err != nil || len(sum) == 0 {
		return err
	}
	same, err := (&plugin.SecureConfig{Checksum: sum, Hash: sha256.New()}).Check(path)
	if err == nil && !same {
		err = fmt.Errorf("sha256: %s is another file than the one that was pinned", path)
	}
	return err
}
