package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/pod-status-logger/pod-status-logger/test/node"

// moduleDir finds the folder of this module, whose go.mod pins containerd. It
// tries the working folder, the top of the repository, and the folder above the
// program, which is right for a program in the module's bin folder.
func moduleDir() (string, error) {
	candidates := []string{".", filepath.Join("test", "node")}
	if exe, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(exe), ".."))
	}
	for _, dir := range candidates {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("find module test/node: run node at the top of the repository or in test/node")
}

// folderOr returns the absolute path of a flag's value, or the default.
func folderOr(flag, otherwise string) (string, error) {
	if flag == "" {
		return otherwise, nil
	}
	return filepath.Abs(flag)
}
