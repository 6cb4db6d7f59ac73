package pluginhost

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Spec is a plugin to run.
type Spec struct {
	// Name is the name that the plugin has to describe itself with. Empty: any, to
	// inspect a plugin.
	Name string
	// InProcess makes the plugin, once for each start, to serve it within this
	// process. log is for the plugin, which is closed in the end if it is an
	// [io.Closer]. nil: the plugin is a process, and the next fields say which.
	InProcess func(log *slog.Logger) plugin.GRPCPlugin
	// Command is the absolute path of the executable; empty: this program itself,
	// which is a plugin when it is started with Args.
	Command string
	Args    []string
	// Env is the whole environment, NAME=value, but for go-plugin's own variables.
	Env []string
	// SHA256 of the executable in hex; empty: not checked.
	SHA256 string
	// PlainText switches AutoMTLS off, for plugins that can't speak it.
	PlainText bool
	// MaxMemory is the number of resident bytes, of the process and those that it has
	// started, at which the plugin is started again, if the system reports it; 0: no
	// limit.
	MaxMemory int64

	// Config is a JSON object for the plugin; empty: {}.
	Config string
	// Cluster is the name of the cluster, for the plugin.
	Cluster string
}

func (s Spec) isProcess() bool { return s.InProcess == nil }

// Validate returns the errors of the spec, as far as they show without starting the plugin.
func (s *Spec) Validate() error {
	if s.Name != "" {
		if err := record.CheckPluginName(s.Name); err != nil {
			return err
		}
	}
	if s.Command != "" && !filepath.IsAbs(s.Command) {
		return fmt.Errorf("command: %q is not an absolute path", s.Command)
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
		return nil, fmt.Errorf("sha256: %q is not a SHA-256 checksum of 64 hex digits", s.SHA256)
	}
	return sum, nil
}

// Deadlines of the calls that are not for records. Only a plugin that does not work
// reaches them.
const (
	startTimeout  = 30 * time.Second // from the start to the answer to Configure
	healthTimeout = 2 * time.Second
	stopTimeout   = 3 * time.Second
)
