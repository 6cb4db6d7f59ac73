package main

import "testing"

// TestReadmePage does the steps of README.md that need neither Docker nor a cluster.
func TestReadmePage(t *testing.T) {
	walkInClone(t, "README.md", "TestReadmePage", 1)
}
