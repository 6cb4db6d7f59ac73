//go:build !unix

package boltstore

import "os"

// lockDir takes no lock: bbolt's own has to do.
func lockDir(string, bool) (*os.File, error) { return nil, nil } //nolint:nilnil // there is nothing to hold
