//go:build unix && !linux

package pinned

import (
	"errors"
	"io"
)

// copyToMemory is for Linux only.
func copyToMemory(io.ReaderAt, int64, []byte) (*Executable, error) { return nil, errors.ErrUnsupported }
