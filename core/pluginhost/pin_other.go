//go:build unix && !linux

package pluginhost

import (
	"errors"
	"io"
)

// pinInMemory is for Linux only.
func pinInMemory(io.ReaderAt, int64, []byte) (*pinned, error) { return nil, errors.ErrUnsupported }
