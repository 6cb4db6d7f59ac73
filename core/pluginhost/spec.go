package pluginhost

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Spec says which plugin to run, and how.
type Spec struct {
	// Name is what the plugin has to call itself. Empty: whatever it does, for
	// looking at a plugin.
	Name string
	// Command is the absolute path of the executable; empty: the program
	// itself, which with these Args is a plugin.
	Command string
	Args    []string
	// Env is the whole environment, NAME=value, but for what go-plugin adds.
	Env []string
	// SHA256 of the executable in hex; empty: not checked.
	SHA256 string
	// PlainText switches AutoMTLS off, for plugins that can't speak it.
	PlainText bool
	// Config is a JSON object for the plugin; empty: {}.
	Config string
	// Cluster is the name of the cluster, for the plugin.
	Cluster string
	// MaxMemory is the number of resident bytes at which the plugin is started
	// anew, where the system tells it; 0: any.
	MaxMemory int64
}

// Validate returns what is wrong with the spec, so far as that shows without
// starting it.
func (s *Spec) Validate() error {
	if s.Name != "" {
		if err := record.CheckPluginName(s.Name); err != nil {
			return err
		}
	}
	if s.Command != "" && !filepath.IsAbs(s.Command) {
		return fmt.Errorf("command: %q is no absolute path", s.Command)
	}
	if _, err := s.checksum(); err != nil {
		return err
	}
	return nil
}

const sha256Bytes = 32

func (s *Spec) checksum() ([]byte, error) {
	sum, err := hex.DecodeString(s.SHA256)
	if err != nil || len(sum) != sha256Bytes && len(sum) != 0 {
		return nil, fmt.Errorf("sha256: %q is no SHA-256 sum of 64 hex digits", s.SHA256)
	}
	return sum, nil
}

// Deadlines of the calls that are not for records. Each can be reached only by a
// plugin that does not work.
const (
	startTimeout  = 10 * time.Second // from the start to the answer to Configure
	healthTimeout = 2 * time.Second
	stopTimeout   = 3 * time.Second
)
