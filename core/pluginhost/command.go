package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
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
