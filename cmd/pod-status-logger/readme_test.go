package main

import "testing"

// TestReadmePage does what README.md says, where neither Docker nor a cluster is
// needed.
func TestReadmePage(t *testing.T) {
	walkInClone(t, "README.md", "TestReadmePage", 1)
}
