package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/pod-status-logger/pod-status-logger/test/cluster"

// moduleDir returns the folder of this module, whose go.mod pins the versions. It tries the
// working directory (go -C test/cluster run .), the root of the repository, and the folder of
// this program, which may be in the module's bin folder.
func moduleDir() (string, error) {
	candidates := []string{".", filepath.Join("test", "cluster")}
	if exe, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(exe), ".."))
	}
	for _, dir := range candidates {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("find module test/cluster: call it from the top of the repository or from test/cluster")
}

// binDir returns the folder of the programs: the flag's value, or the module's.
func binDir(flag string) (string, error) {
	if flag != "" {
		return filepath.Abs(flag)
	}
	dir, err := moduleDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "bin"), nil
}
